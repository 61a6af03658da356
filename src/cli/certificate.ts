import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../operate/pulumi/directory";
import { homePath } from "../operate/pulumi/home";

/** For a shell. */
export const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;

const file = (stack: string): string => join(homePath(process.env), "certificates", `${stack}.crt`);

/** Where there is no file of it. */
const printed = (stack: string): string => `<(pulumi stack output caCertificate --stack ${stack})`;

/** Leaves a stack's authority where curl finds it, and returns that as --cacert takes it, in a shell. It is no secret. */
export function keepCertificate(stack: string, pem: string): string {
  try {
    makeDirectory(dirname(file(stack)));
    writeFileSync(file(stack), pem);
  } catch {
    return printed(stack);
  }
  return quoted(file(stack));
}

/** The same, where `up` has left it and it is still the right one. */
export function keptCertificate(stack: string, pem: string): string {
  try {
    return readFileSync(file(stack), "utf8") === pem ? quoted(file(stack)) : printed(stack);
  } catch {
    return printed(stack);
  }
}
