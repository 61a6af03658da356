import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { isIP } from "node:net";

const HOURS_A_YEAR = 8_760;
/** Renewed by the first `up` in its last month. */
const RENEWAL = 720;
const KEY = { algorithm: "ECDSA", ecdsaCurve: "P256" } as const;
const ANY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

/** An authority of the environment's own, and the edge's certificate by it. */
export class Certificates extends pulumi.ComponentResource {
  /** What clients trust, PEM. */
  readonly authority: pulumi.Output<string>;
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;

  /** @param hosts names and addresses by which clients reach the edge */
  constructor(name: string, hosts: readonly string[], opts?: pulumi.ComponentResourceOptions) {
    const names = [...new Set(hosts)].filter((host) => !ANY_ADDRESS.includes(host));
    super("atalaya:edge:Certificates", name, { hosts: names }, opts);
    const child = { parent: this };
    const authorityKey = new tls.PrivateKey(`${name}-authority-key`, KEY, child);
    const authority = new tls.SelfSignedCert(
      `${name}-authority`,
      {
        privateKeyPem: authorityKey.privateKeyPem,
        isCaCertificate: true,
        maxPathLength: 0,
        subject: { commonName: "Atalaya", organization: "Atalaya" },
        validityPeriodHours: 10 * HOURS_A_YEAR,
        earlyRenewalHours: HOURS_A_YEAR,
        allowedUses: ["cert_signing", "crl_signing"],
        setSubjectKeyId: true,
      },
      child,
    );
    const serverKey = new tls.PrivateKey(`${name}-server-key`, KEY, child);
    const request = new tls.CertRequest(
      `${name}-server-request`,
      {
        privateKeyPem: serverKey.privateKeyPem,
        subject: { commonName: names[0] ?? "localhost" },
        dnsNames: names.filter((host) => isIP(host) === 0),
        ipAddresses: names.filter((host) => isIP(host) !== 0),
      },
      child,
    );
    const server = new tls.LocallySignedCert(
      `${name}-server`,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: authority.certPem,
        caPrivateKeyPem: authorityKey.privateKeyPem,
        validityPeriodHours: HOURS_A_YEAR,
        earlyRenewalHours: RENEWAL,
        allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
      },
      child,
    );
    this.authority = authority.certPem;
    this.certificate = server.certPem;
    this.key = pulumi.secret(serverKey.privateKeyPem);
    this.registerOutputs({});
  }
}
