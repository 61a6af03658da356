import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Inputs = Readonly<Record<string, unknown>>;

/** What the TLS provider would make of a resource's inputs, by its output; undefined for all that is not a key or certificate. */
export function tlsOutput(type: string, inputs: Inputs, output: string): string | undefined {
  switch (`${type} ${output}`) {
    case "tls:index/privateKey:PrivateKey privateKeyPem":
      return privateKey(inputs);
    case "tls:index/selfSignedCert:SelfSignedCert certPem":
      return openssl({ key: text(inputs, "privateKeyPem"), config: requestConfig(inputs) }, (file) => [
        ...[
          "req",
          "-new",
          "-x509",
          "-key",
          file("key"),
          "-config",
          file("config"),
          "-extensions",
          "extensions",
        ],
        ...["-days", days(inputs)],
      ]);
    case "tls:index/certRequest:CertRequest certRequestPem":
      return openssl({ key: text(inputs, "privateKeyPem"), config: requestConfig(inputs) }, (file) => [
        ...["req", "-new", "-key", file("key"), "-config", file("config"), "-reqexts", "extensions"],
      ]);
    case "tls:index/locallySignedCert:LocallySignedCert certPem":
      return openssl(
        {
          request: text(inputs, "certRequestPem"),
          ca: text(inputs, "caCertPem"),
          caKey: text(inputs, "caPrivateKeyPem"),
          config: section("extensions", extensions(inputs)),
        },
        (file) => [
          ...["x509", "-req", "-in", file("request"), "-CA", file("ca"), "-CAkey", file("caKey")],
          ...["-copy_extensions", "copy", "-extfile", file("config"), "-extensions", "extensions"],
          ...["-days", days(inputs)],
        ],
      );
    default:
      return undefined;
  }
}

function privateKey({ algorithm, ecdsaCurve }: Inputs): string {
  if (algorithm !== "ECDSA" || ecdsaCurve !== "P256")
    throw new Error(`The lab makes keys of ECDSA P256 only, not ${String(algorithm)} ${String(ecdsaCurve)}.`);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}

function text(inputs: Inputs, name: string): string {
  const value = inputs[name];
  if (typeof value !== "string") throw new Error(`A certificate's ${name} is not known to the lab.`);
  return value;
}

const list = (inputs: Inputs, name: string): readonly string[] => (inputs[name] ?? []) as readonly string[];
const days = ({ validityPeriodHours }: Inputs): string =>
  `${Math.max(1, Math.floor(Number(validityPeriodHours) / 24))}`;

/** Terraform's names of usages, and OpenSSL's. */
const USAGES: Readonly<Record<string, readonly [extension: "keyUsage" | "extendedKeyUsage", name: string]>> =
  {
    cert_signing: ["keyUsage", "keyCertSign"],
    crl_signing: ["keyUsage", "cRLSign"],
    digital_signature: ["keyUsage", "digitalSignature"],
    key_encipherment: ["keyUsage", "keyEncipherment"],
    server_auth: ["extendedKeyUsage", "serverAuth"],
  };

function extensions(inputs: Inputs): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  if (inputs["isCaCertificate"] === true)
    found["basicConstraints"] = `critical, CA:true, pathlen:${Number(inputs["maxPathLength"] ?? 0)}`;
  if (inputs["setSubjectKeyId"] === true) found["subjectKeyIdentifier"] = "hash";
  for (const usage of list(inputs, "allowedUses")) {
    const [extension, name] = USAGES[usage] ?? [];
    if (extension === undefined) throw new Error(`The lab does not know the certificate usage ${usage}.`);
    found[extension] = `${found[extension] ?? "critical"}, ${String(name)}`;
  }
  const names = [
    ...list(inputs, "dnsNames").map((name) => `DNS:${name}`),
    ...list(inputs, "ipAddresses").map((address) => `IP:${address}`),
  ];
  if (names.length > 0) found["subjectAltName"] = names.join(", ");
  return found;
}

const section = (name: string, values: Readonly<Record<string, string>>): string =>
  [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), ""].join("\n");

const requestConfig = (inputs: Inputs): string => {
  const { commonName, organization } = (inputs["subject"] ?? {}) as Readonly<
    Record<string, string | undefined>
  >;
  return [
    section("req", { prompt: "no", distinguished_name: "subject", utf8: "yes" }),
    section("subject", {
      ...(organization === undefined ? {} : { O: organization }),
      ...(commonName === undefined ? {} : { CN: commonName }),
    }),
    section("extensions", extensions(inputs)),
  ].join("\n");
};

/** What OpenSSL prints, given these files by name; they are gone afterwards, for some are keys. */
function openssl(
  files: Readonly<Record<string, string>>,
  args: (file: (name: string) => string) => readonly string[],
): string {
  const dir = mkdtempSync(join(tmpdir(), "atalaya-tls-"));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(dir, name), content, { mode: 0o600 });
    return execFileSync("openssl", [...args((name) => join(dir, name))], { encoding: "utf8", stdio: "pipe" });
  } finally {
    rmSync(dir, { recursive: true });
  }
}
