/** How this machine reaches the registry. Everything else of a test's environment stays out of the processes it starts. */
export function passedSettings(): Record<string, string> {
  const passed =
    /^(?:(?:https?|no)_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir)|npm_config_registry)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && passed.test(name) ? [[name, value] as const] : [],
    ),
  );
}
