/** Tenants with nothing but what they must have. */
export function tenantList(tenants: number): string {
  const lines = Array.from({ length: tenants }, (_, index) => {
    const number = String(index + 1).padStart(4, "0");
    return `  - { id: t${number}, name: "Tenant ${number}" }\n`;
  });
  return `tenants:\n${lines.join("")}`;
}
