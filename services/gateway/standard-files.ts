/**
 * The descriptors of what a gRPC server says besides its own contracts: the health service, and the google.rpc messages in the details of a refusal.
 * Without them a generic client (grpcurl, Postman) finds no health service and shows the details as bytes. Field numbers are those of the published .proto files;
 * only what this gateway sends or answers is described.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** FieldDescriptorProto.Type. */
const TYPE = { string: 9, message: 11, enum: 14 } as const;
const LABEL = { one: 1, many: 3 } as const;

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: keyof typeof TYPE;
  readonly label?: keyof typeof LABEL;
  /** Of a message or an enum: its full name with a leading dot. */
  readonly of?: string;
}

function field({ name, number, type, label = "one", of }: Field): Uint8Array {
  const writer = new BinaryWriter()
    .uint32(10)
    .string(name)
    .uint32(24)
    .int32(number)
    .uint32(32)
    .int32(LABEL[label])
    .uint32(40)
    .int32(TYPE[type]);
  if (of !== undefined) writer.uint32(50).string(of);
  return writer.finish();
}

const text = (name: string, number: number): Field => ({ name, number, type: "string" });

function message(
  name: string,
  fields: readonly Field[],
  ...nested: readonly { readonly part: "message" | "enum"; readonly bytes: Uint8Array }[]
): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(name);
  for (const one of fields) writer.uint32(18).bytes(field(one));
  for (const { part, bytes } of nested) writer.uint32(part === "message" ? 26 : 34).bytes(bytes);
  return writer.finish();
}

/** map<string, string> is a repeated message of its own with `map_entry` set. */
function textMapEntry(name: string): Uint8Array {
  const entry = message(name, [text("key", 1), text("value", 2)]);
  const options = new BinaryWriter().uint32(56).bool(true).finish();
  return Buffer.concat([entry, new BinaryWriter().uint32(58).bytes(options).finish()]);
}

function enumeration(name: string, values: readonly string[]): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(name);
  for (const [number, value] of values.entries())
    writer.uint32(18).bytes(new BinaryWriter().uint32(10).string(value).uint32(16).int32(number).finish());
  return writer.finish();
}

function method(name: string, input: string, output: string, streams: boolean): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(name).uint32(18).string(input).uint32(26).string(output);
  return (streams ? writer.uint32(48).bool(true) : writer).finish();
}

function file(name: string, packageName: string, messages: readonly Uint8Array[], service?: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().uint32(10).string(name).uint32(18).string(packageName);
  for (const bytes of messages) writer.uint32(34).bytes(bytes);
  if (service) writer.uint32(50).bytes(service);
  return writer.uint32(98).string("proto3").finish();
}

function health(): Uint8Array {
  const of = ".grpc.health.v1.HealthCheckResponse.ServingStatus";
  const states = enumeration("ServingStatus", ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]);
  const [request, response] = [".grpc.health.v1.HealthCheckRequest", ".grpc.health.v1.HealthCheckResponse"];
  const service = new BinaryWriter().uint32(10).string("Health");
  service.uint32(18).bytes(method("Check", request, response, false));
  service.uint32(18).bytes(method("Watch", request, response, true));
  return file(
    "grpc/health/v1/health.proto",
    "grpc.health.v1",
    [
      message("HealthCheckRequest", [text("service", 1)]),
      message("HealthCheckResponse", [{ name: "status", number: 1, type: "enum", of }], { part: "enum", bytes: states }),
    ],
    service.finish(),
  );
}

function errorDetails(): Uint8Array {
  const metadata: Field = { name: "metadata", number: 3, type: "message", label: "many", of: ".google.rpc.ErrorInfo.MetadataEntry" };
  const violations: Field = {
    name: "field_violations",
    number: 1,
    type: "message",
    label: "many",
    of: ".google.rpc.BadRequest.FieldViolation",
  };
  return file("google/rpc/error_details.proto", "google.rpc", [
    message("ErrorInfo", [text("reason", 1), text("domain", 2), metadata], { part: "message", bytes: textMapEntry("MetadataEntry") }),
    message("LocalizedMessage", [text("locale", 1), text("message", 2)]),
    message("BadRequest", [violations], { part: "message", bytes: message("FieldViolation", [text("field", 1), text("description", 2)]) }),
  ]);
}

export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** Each a FileDescriptorProto. */
export const standardFiles: readonly Uint8Array[] = [health(), errorDetails()];
