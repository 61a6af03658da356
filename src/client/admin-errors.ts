import { ClientError } from "./error";
import { AdminError } from "./keycloak-admin";
import { unreachable } from "./reach";

/** Runs what asks Keycloak's admin API, and says what went wrong with it in one ClientError. @param url where Keycloak is reached */
export async function askingKeycloak<T>(url: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AdminError) throw new ClientError(said(error), { cause: error });
    throw unreachable("Keycloak", url, error);
  }
}

function said({ status, path, message }: AdminError): string {
  const login = path.endsWith("/token");
  if (login && (status === 400 || status === 401))
    return "Keycloak refuses the administrator's user name or password that the stack's outputs hold. Was the password changed by hand?";
  if (status === 403)
    return "Keycloak's administrator may not do this: the admin role of its master realm is missing.";
  return `${message}.`;
}
