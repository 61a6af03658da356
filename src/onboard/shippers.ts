import {
  AUTHORITY_PATH,
  plain,
  type OnboardFile,
  type Onboarding,
  type Shipper,
  type ShipperName,
} from "./model";
import { localEnvoyShipper } from "./local-envoy/files";
import { readme } from "./readme";
import { alloy } from "./shipper/alloy";
import { curl } from "./shipper/curl";
import { fluentbit } from "./shipper/fluentbit";
import { fluentd } from "./shipper/fluentd";
import { jaeger } from "./shipper/jaeger";
import { otelcol } from "./shipper/otelcol";
import { prometheus } from "./shipper/prometheus";
import { otelSdkNode, otelSdkPython } from "./shipper/sdk";
import { vector } from "./shipper/vector";
import { tokenFileShipper } from "./token-file/files";

/** Every shipper that a tenant can be given a configuration for. */
export const SHIPPERS: Readonly<Record<ShipperName, Shipper>> = {
  alloy,
  otelcol,
  prometheus,
  fluentbit,
  vector,
  fluentd,
  jaeger,
  curl,
  "otel-sdk-node": otelSdkNode,
  "otel-sdk-python": otelSdkPython,
  "token-file": tokenFileShipper,
  "local-envoy": localEnvoyShipper,
};

/** The whole directory, without the secret. What a shipper brings itself is not added. */
export function directoryOf(name: ShipperName, onboarding: Onboarding): readonly OnboardFile[] {
  const shipper = SHIPPERS[name];
  const own = shipper.files(onboarding);
  const common = [
    plain(AUTHORITY_PATH, `${onboarding.authority.trimEnd()}\n`),
    plain("README.md", readme(name, shipper, onboarding)),
  ];
  return [...own, ...common.filter(({ path }) => own.every((file) => file.path !== path))];
}
