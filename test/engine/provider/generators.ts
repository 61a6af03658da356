import type * as random from "@pulumi/random";
import type * as tls from "@pulumi/tls";
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Table, Tables } from "./table";

/*
 * RequiresReplace: hashicorp/terraform-provider-random v3.9.0, internal/provider/resource_{password,uuid}.go, and
 * hashicorp/terraform-provider-tls v4.2.1, internal/provider/resource_{private_key,self_signed_cert,cert_request,
 * locally_signed_cert}.go. What they make is only in the state: there is no server that could refuse.
 */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const letters = (length: number): string =>
  Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

const password: Table<random.RandomPasswordArgs> = {
  required: { length: true },
  replacedBy: [
    ...(["keepers", "length", "special", "upper", "lower", "number", "numeric", "overrideSpecial"] as const),
    ...(["minNumeric", "minUpper", "minLower", "minSpecial"] as const),
  ],
  sensitive: ["result", "bcryptHash"],
  id: () => "none",
  computed: {
    result: ({ length }) => letters(Number(length)),
    bcryptHash: () => `$2a$10$${letters(53)}`,
  },
};

const uuid: Table<random.RandomUuidArgs> = {
  required: {},
  replacedBy: ["keepers"],
  id: () => randomUUID(),
  computed: { result: (_, id) => id },
};

const pem = (kind: string): string =>
  `-----BEGIN ${kind}-----\n${randomBytes(96).toString("base64")}\n-----END ${kind}-----\n`;
const certificate = {
  certPem: () => pem("CERTIFICATE"),
  readyForRenewal: () => false,
  validityStartTime: () => "2026-01-01T00:00:00Z",
  validityEndTime: () => "2036-01-01T00:00:00Z",
};
const generated = { id: () => randomBytes(20).toString("hex") } as const;

const privateKey: Table<tls.PrivateKeyArgs> = {
  required: { algorithm: true },
  replacedBy: ["algorithm", "rsaBits", "ecdsaCurve"],
  sensitive: ["privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"],
  ...generated,
  computed: {
    privateKeyPem: () => pem("EC PRIVATE KEY"),
    privateKeyOpenssh: () => pem("OPENSSH PRIVATE KEY"),
    privateKeyPemPkcs8: () => pem("PRIVATE KEY"),
    publicKeyPem: () => pem("PUBLIC KEY"),
    publicKeyOpenssh: () => "",
    publicKeyFingerprintMd5: () => "",
    publicKeyFingerprintSha256: () => "",
  },
};

const selfSigned: Table<tls.SelfSignedCertArgs> = {
  required: { allowedUses: true, validityPeriodHours: true },
  replacedBy: [
    ...(["privateKeyPem", "validityPeriodHours", "allowedUses", "dnsNames", "ipAddresses", "uris"] as const),
    ...(["isCaCertificate", "maxPathLength", "setSubjectKeyId", "setAuthorityKeyId", "subject"] as const),
  ],
  sensitive: ["privateKeyPem"],
  ...generated,
  computed: { ...certificate, keyAlgorithm: () => "ECDSA" },
};

const request: Table<tls.CertRequestArgs> = {
  required: {},
  replacedBy: ["privateKeyPem", "dnsNames", "ipAddresses", "uris", "subject"],
  sensitive: ["privateKeyPem"],
  ...generated,
  computed: { certRequestPem: () => pem("CERTIFICATE REQUEST"), keyAlgorithm: () => "ECDSA" },
};

const locallySigned: Table<tls.LocallySignedCertArgs> = {
  required: { allowedUses: true, caCertPem: true, certRequestPem: true, validityPeriodHours: true },
  replacedBy: [
    ...(["caCertPem", "caPrivateKeyPem", "certRequestPem", "validityPeriodHours", "allowedUses"] as const),
    ...(["isCaCertificate", "maxPathLength", "setSubjectKeyId"] as const),
  ],
  sensitive: ["caPrivateKeyPem"],
  ...generated,
  computed: { ...certificate, caKeyAlgorithm: () => "ECDSA" },
};

export const generatorTables: Tables = {
  "random:index/randomPassword:RandomPassword": password,
  "random:index/randomUuid:RandomUuid": uuid,
  "tls:index/privateKey:PrivateKey": privateKey,
  "tls:index/selfSignedCert:SelfSignedCert": selfSigned,
  "tls:index/certRequest:CertRequest": request,
  "tls:index/locallySignedCert:LocallySignedCert": locallySigned,
};
