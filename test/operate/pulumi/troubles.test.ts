import { expect, it } from "vitest";
import { firstError, troubleOf } from "../../../src/operate/pulumi/troubles";

const asked = { stack: "dev" };

/** What was said, and what is to be done about it; the CLI's own texts are of 3.200 to 3.265. */
const CASES: readonly (readonly [string, string, "input" | "failed", string])[] = [
  ["no stack", "error: no stack named 'dev' found", "input", "There is no stack dev where its state should be. Make it: npm run up -- --stack dev"],
  ["a lock", "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n  file:///s/.pulumi/locks/organization/atalaya/dev/a.json: created by ana@host (pid 1)", "failed", "Another update of stack dev runs, or was killed. Wait for the one that runs; after one that was killed: npx atalaya recover --stack dev"],
  ["a service's lock", "error: [409] Conflict: Another update is currently in progress.", "failed", "Another update of stack dev runs, or was killed. Wait for the one that runs; after one that was killed: npx atalaya recover --stack dev"],
  ["no login", "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "input", "The Pulumi CLI is not logged in. Run: pulumi login (or, for state on this machine: pulumi logout, and npm run up)"],
  ["a wrong passphrase", "error: getting stack configuration: get stack secrets manager: incorrect passphrase", "input", "The passphrase of stack dev is not the right one: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE."],
  ["a passphrase's file", 'error: constructing secrets manager of type "passphrase": constructing secrets manager: unable to read PULUMI_CONFIG_PASSPHRASE_FILE: open /f: no such file or directory', "input", "The file that PULUMI_CONFIG_PASSPHRASE_FILE names cannot be read. Name another one, or take the variable away."],
  ["no passphrase", "error: could not create secrets manager for new stack: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables", "input", "The secrets of stack dev are encrypted: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE."],
  ["no bucket", "error: unable to open bucket file:///nonexist?no_tmp_dir=true: stat /nonexist: no such file or directory", "input", "The state cannot be reached (see above). Mend PULUMI_BACKEND_URL or its credentials; without it and any login the state is kept on this machine."],
  ["a bucket's region", 'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): MissingRegion: could not find region configuration', "input", "The state cannot be reached (see above). Mend PULUMI_BACKEND_URL or its credentials; without it and any login the state is kept on this machine."],
  ["a Ctrl-C in place of an answer", "error: confirmation cancelled, not proceeding with the update: interrupt", "failed", "Nothing was changed: it was not confirmed."],
  ["a full disk", "error: Error response from daemon: write /var/lib/docker/tmp/x: no space left on device", "failed", "A disk is full. `docker system df` shows what Docker has; `docker image prune` and `docker builder prune` free what nothing uses. Then again: npm run up"],
  ["a port", "Unable to start container: Error response from daemon: driver failed programming external connectivity on endpoint atalaya-dev-envoy: Bind for 127.0.0.1:4318 failed: port is already allocated", "failed", "Port 4318 is in use by something else on this machine. Stop that, or take another one: atalaya:publish in Pulumi.dev.yaml"],
  ["a container that is there", 'Unable to create container: Error response from daemon: Conflict. The container name "/atalaya-dev-envoy" is already in use by container "4be1". You have to remove (or rename) that container to be able to reuse that name.', "failed", "A container atalaya-dev-envoy is there already, and the state does not know of it. After an update that was killed: npx atalaya recover --stack dev. Else see whose it is, and remove it: docker stop atalaya-dev-envoy, docker rm atalaya-dev-envoy"],
  ["a network that is there", "Unable to create network: Error response from daemon: network with name atalaya-dev-edge already exists", "failed", "A network atalaya-dev-edge is there already, and the state does not know of it. After an update that was killed: npx atalaya recover --stack dev. Else see whose it is, and remove it: docker network rm atalaya-dev-edge"],
  ["a port, of an engine of today", "error: failed to set up container networking: driver failed programming external connectivity on endpoint atalaya-dev-grafana: failed to bind host port 127.0.0.1:3000/tcp: address already in use", "failed", "Port 3000 is in use by something else on this machine. Stop that, or take another one: atalaya:publish in Pulumi.dev.yaml"],
  ["a port, of an older engine", "error: Error starting userland proxy: listen tcp4 127.0.0.1:8090: bind: address already in use", "failed", "Port 8090 is in use by something else on this machine. Stop that, or take another one: atalaya:publish in Pulumi.dev.yaml"],
  ["what is protected", 'error: Preview failed: resource "urn:pulumi:dev::atalaya::docker:index/volume:Volume::mimir-data" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:', "failed", "What would go holds data, and is protected (see above): a tenant's, or a volume. To remove a tenant, suspend it and apply that first. To remove all of dev: npm run destroy -- --stack dev --with-data"],
  ["a process that is not well", "error: container atalaya-dev-alloy-gateway.ready is unhealthy", "failed", "alloy-gateway did not become ready. See why: npx atalaya logs alloy-gateway --stack dev; then again: npm run up -- --stack dev"],
  ["a process that is late", "error: atalaya-dev-keycloak did not become ready in 180 s", "failed", "keycloak did not become ready. See why: npx atalaya logs keycloak --stack dev; then again: npm run up -- --stack dev"],
  ["a process that nobody names", "error: container exited immediately", "failed", "A process did not become ready. See which: npx atalaya status --stack dev; why: npx atalaya logs NAME --stack dev; then again: npm run up -- --stack dev"],
  ["an image", "error: unable to pull image docker.io/grafana/loki:0.0.0: manifest for grafana/loki:0.0.0 not found: manifest unknown", "failed", "An image was not found (see above). Does the registry in atalaya:imageRegistry of Pulumi.dev.yaml have it?"],
  ["a registry", 'error: Error pulling image: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host', "failed", "An image's registry did not answer (see above). Try again, or name a mirror: atalaya:imageRegistry in Pulumi.dev.yaml"],
  ["a registry's certificate", 'error: Error pulling image: Get "https://mirror.example.com/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority', "failed", "The Docker engine does not trust the certificate of an image's registry (see above). Give the engine its authority, /etc/docker/certs.d/HOST/ca.crt, or name another registry: atalaya:imageRegistry in Pulumi.dev.yaml"],
  ["an engine's socket", "error: Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied", "failed", 'You may not use the Docker engine\'s socket. Join its group (who is in it can do all that root can): sudo usermod -aG docker "$USER", then log out and in again.'],
  ["an engine's socket, of a CLI of today", "error: permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "failed", 'You may not use the Docker engine\'s socket. Join its group (who is in it can do all that root can): sudo usermod -aG docker "$USER", then log out and in again.'],
  ["an engine", "error: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?", "failed", "The Docker engine does not answer. Start it, and see that `docker info` works."],
  ["a policy", "[mandatory] published-ports-name-an-address: stray is published to everybody", "failed", "A policy refuses this (see above); nothing was changed."],
  ["Keycloak", 'error: Post "http://localhost:8090/realms/master/protocol/openid-connect/token": dial tcp 127.0.0.1:8090: connect: connection refused', "failed", "Keycloak does not answer. See why: npx atalaya logs keycloak --stack dev; then again: npm run up -- --stack dev"],
  ["Grafana", 'error: Get "http://localhost:3000/api/orgs/name/mx": dial tcp 127.0.0.1:3000: connect: connection refused', "failed", "Grafana does not answer. See why: npx atalaya logs grafana --stack dev; then again: npm run up -- --stack dev"],
  ["an interruption", "error: update cancelled", "failed", "It was interrupted. What was done by then is known: the same command goes on from there. Where it says that the stack is locked: npx atalaya recover --stack dev"],
]; // prettier-ignore

it.each(CASES)("%s is known", (_, said, kind, what) => {
  expect(troubleOf(`Updating (dev):\n${said}\n`, asked)).toEqual({ kind, what });
});

it("tells what another machine's passphrase in the stack's file means, where the passphrase is ours", () => {
  const said = "error: could not create secrets manager for new stack: incorrect passphrase";
  expect(troubleOf(said, { stack: "dev", passphraseFile: "/home/ana/passphrase" })).toEqual({
    kind: "input",
    what: 'Pulumi.dev.yaml was encrypted with another passphrase than the one in /home/ana/passphrase. Bring that one here, or set PULUMI_CONFIG_PASSPHRASE; or, for a new environment of this machine\'s own, take encryptionsalt and every "secure:" value out of Pulumi.dev.yaml.',
  });
});

it("takes no warning for a failure, and knows nothing of what it does not know", () => {
  expect(troubleOf("warning: no space left on device soon\nerror: the moon is full", asked)).toBeUndefined();
  expect(troubleOf("error: listen tcp 127.0.0.1:41234: bind: address already in use", asked)).toBeUndefined();
  expect(firstError("\nwarning: x\nerror: the moon is full\nerror: more")).toBe("the moon is full");
  expect(firstError("only this\n")).toBe("only this");
  expect(firstError("")).toBeUndefined();
});
