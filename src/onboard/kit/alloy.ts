/** As in the environment (components/alloy.ts): a test holds the two against each other. */
export const alloyCommand = (config: string, storage: string, listen: string): readonly string[] => [
  "run",
  config,
  `--storage.path=${storage}`,
  `--server.http.listen-addr=${listen}`,
  "--stability.level=public-preview",
  "--disable-reporting",
];

/** Whether Alloy is ready, by a shell of its own image (Ubuntu), which has no program for HTTP. */
export const readiness = (port: number): readonly string[] => [
  "bash",
  "-c",
  String.raw`exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET /-/ready HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3 | grep -q ' 200 '`,
];
