import type { RenderedFile } from "../../model/files";
import { placedFile } from "../files";
import { gatewayPipeline } from "../gateway-pipeline";
import type { RenderInput } from "../input";
import { alloyDocument } from "./document";

/** The shared gateway's configuration: static, and the same whoever the tenants are. */
export function renderGateway(input: RenderInput): readonly RenderedFile[] {
  const { directories } = input.topology.services["alloy-gateway"];
  const content = alloyDocument(gatewayPipeline(input));
  return [
    placedFile({ service: "alloy-gateway" }, "alloy/gateway.alloy", directories, "config.alloy", content),
  ];
}
