/** Alloy's flags. `public-preview` is what its disk queue needs; nothing is reported to its makers. */
export const alloyCommand = (config: string, storage: string, listen: string): readonly string[] => [
  "run",
  config,
  `--storage.path=${storage}`,
  `--server.http.listen-addr=${listen}`,
  "--stability.level=public-preview",
  "--disable-reporting",
];
