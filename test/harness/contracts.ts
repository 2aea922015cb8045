/** The contracts as buf compiled them, comments included: what a programmer of another stack reads, and what the gateway's reflection gives. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../deploy/local/binaries.ts";
import { type DescriptorProto, FileDescriptorSet } from "../../proto/generated/google/protobuf/descriptor.ts";
import type { ServiceDefinition } from "../../services/mesh/wiring.ts";

export const IMAGE = join(ROOT, "proto", "generated", "image.binpb");
/** Field numbers of FileDescriptorProto and ServiceDescriptorProto, as paths in the source info have them. */
const SERVICE_PATH = 6;
const METHOD_PATH = 2;

export interface ContractMethod {
  readonly name: string;
  /** The comment in front of it. */
  readonly comment: string;
  /** The full name of the request, without the leading dot. */
  readonly requestType: string;
}

export interface Contract {
  /** nrcms.claims.v1.ClaimsService */
  readonly fullName: string;
  /** claims */
  readonly service: string;
  readonly methods: readonly ContractMethod[];
  /** The generated definition, with the access rules. */
  readonly definition: ServiceDefinition;
  /** The codes of the service's refusals, without UNSPECIFIED. */
  readonly refusals: readonly string[];
}

export interface Contracts {
  readonly services: readonly Contract[];
  /** All messages by their full names. */
  readonly messages: ReadonlyMap<string, DescriptorProto>;
}

/** Reads the compiled contracts. Throws where one has no generated code. */
export async function readContracts(): Promise<Contracts> {
  const { file: files } = FileDescriptorSet.decode(readFileSync(IMAGE));
  const messages = new Map<string, DescriptorProto>();
  const add = (prefix: string, message: DescriptorProto) => {
    const full = `${prefix}.${message.name ?? ""}`;
    messages.set(full, message);
    for (const nested of message.nestedType) add(full, nested);
  };
  const services: Contract[] = [];
  for (const file of files) {
    const packageName = file.package ?? "";
    for (const message of file.messageType) add(packageName, message);
    for (const [index, { name = "", method }] of file.service.entries()) {
      const service = packageName.split(".")[1] ?? "";
      const commentAt = (path: readonly number[]) =>
        file.sourceCodeInfo?.location.find((one) => one.path.join() === path.join())?.leadingComments ?? "";
      const generated = (await import(`../../proto/generated/nrcms/${service}/v1/${service}.ts`)) as Record<string, ServiceDefinition>;
      const definition = generated[`${name}Definition`];
      if (!definition) throw new Error(`${packageName}.${name} has no generated definition`);
      const prefix = `${service.toUpperCase()}_REFUSAL_`;
      const refusals = file.enumType.find((one) => one.value[0]?.name === `${prefix}UNSPECIFIED`)?.value ?? [];
      services.push({
        fullName: `${packageName}.${name}`,
        service,
        definition,
        refusals: refusals.map((value) => (value.name ?? "").slice(prefix.length)).filter((code) => code !== "UNSPECIFIED"),
        methods: method.map((one, at) => ({
          name: one.name ?? "",
          comment: commentAt([SERVICE_PATH, index, METHOD_PATH, at]).replace(/\s+/g, " ").trim(),
          requestType: (one.inputType ?? "").slice(1),
        })),
      });
    }
  }
  return { services, messages };
}
