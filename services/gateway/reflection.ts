/**
 * gRPC server reflection (v1 and v1alpha) from buf's image: the raw FileDescriptorProto bytes as they are, so that well-known types, maps and custom options are right,
 * which the usual package gets wrong.
 */
import { readFileSync } from "node:fs";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { handleBidiStreamingCall, Server } from "@grpc/grpc-js";
import { type DescriptorProto, FileDescriptorProto } from "../../proto/generated/google/protobuf/descriptor.ts";
import { wordsOf } from "../values/thrown.ts";
import { HEALTH_SERVICE, standardFiles } from "./standard-files.ts";

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const NOT_IMPLEMENTED = 12;

interface File {
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
}

interface Index {
  readonly files: ReadonlyMap<string, File>;
  /** Full symbol name → file name. */
  readonly symbols: ReadonlyMap<string, string>;
}

/** The files of an image (or of a FileDescriptorSet): field 1, repeated. */
function filesOf(image: Uint8Array): Uint8Array[] {
  const files: Uint8Array[] = [];
  const reader = new BinaryReader(image);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) files.push(reader.bytes());
    else reader.skip(wire);
  }
  return files;
}

function indexOf(all: readonly Uint8Array[]): Index {
  const files = new Map<string, File>();
  const symbols = new Map<string, string>();
  for (const bytes of all) {
    const file = FileDescriptorProto.decode(bytes);
    const name = file.name ?? "";
    const scope = file.package ? `${file.package}.` : "";
    files.set(name, { bytes, dependencies: file.dependency });
    const addMessage = (prefix: string, message: DescriptorProto) => {
      const full = `${prefix}${message.name ?? ""}`;
      symbols.set(full, name);
      for (const nested of message.nestedType) addMessage(`${full}.`, nested);
      for (const nested of message.enumType) symbols.set(`${full}.${nested.name ?? ""}`, name);
      for (const inner of message.field) symbols.set(`${full}.${inner.name ?? ""}`, name);
    };
    for (const message of file.messageType) addMessage(scope, message);
    for (const one of file.enumType) symbols.set(`${scope}${one.name ?? ""}`, name);
    for (const one of file.extension) symbols.set(`${scope}${one.name ?? ""}`, name);
    for (const service of file.service) {
      symbols.set(`${scope}${service.name ?? ""}`, name);
      for (const method of service.method) symbols.set(`${scope}${service.name ?? ""}.${method.name ?? ""}`, name);
    }
  }
  return { files, symbols };
}

/** A file and everything that it imports, each once, imports first. */
function withImports(index: Index, name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  for (const dependency of index.files.get(name)?.dependencies ?? []) withImports(index, dependency, found);
  return found.add(name);
}

function errorResponse(code: number, message: string): Uint8Array {
  return new BinaryWriter().uint32(58).bytes(new BinaryWriter().uint32(8).int32(code).uint32(18).string(message).finish()).finish();
}

function filesResponse(index: Index, name: string | undefined, asked: string): Uint8Array {
  if (name === undefined || !index.files.has(name)) return errorResponse(NOT_FOUND, `not found: ${asked}`);
  const list = new BinaryWriter();
  for (const one of withImports(index, name)) {
    const file = index.files.get(one);
    if (file) list.uint32(10).bytes(file.bytes);
  }
  return new BinaryWriter().uint32(34).bytes(list.finish()).finish();
}

function answer(index: Index, services: readonly string[], request: Uint8Array): Uint8Array {
  const reader = new BinaryReader(request);
  let body = errorResponse(NOT_IMPLEMENTED, "nothing that this server answers was asked");
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 3) {
      const asked = reader.string();
      body = filesResponse(index, asked, asked);
    } else if (field === 4) {
      const asked = reader.string();
      body = filesResponse(index, index.symbols.get(asked), asked);
    } else if (field === 7) {
      reader.string();
      const list = new BinaryWriter();
      for (const service of services) list.uint32(10).bytes(new BinaryWriter().uint32(10).string(service).finish());
      body = new BinaryWriter().uint32(50).bytes(list.finish()).finish();
    } else reader.skip(wire);
  }
  return Buffer.concat([new BinaryWriter().uint32(18).bytes(request).finish(), body]);
}

/** Adds reflection for the named services and for health. Throws where the image cannot be read. */
export function reflectionService(server: Server, imageFile: string, services: readonly string[]): void {
  const index = indexOf([...filesOf(readFileSync(imageFile)), ...standardFiles]);
  const listed = [...services, HEALTH_SERVICE];
  const same = (bytes: Buffer) => bytes;
  const handle: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on("data", (request: Buffer) => {
      try {
        call.write(Buffer.from(answer(index, listed, request)));
      } catch (error) {
        // Thrown from here it would end the process, and every call that it has in hand.
        call.emit("error", {
          code: INVALID_ARGUMENT,
          details: `not a reflection request: ${wordsOf(error)}`,
        });
      }
    });
    call.on("end", () => call.end());
  };
  for (const version of ["v1", "v1alpha"]) {
    server.addService(
      {
        ServerReflectionInfo: {
          path: `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
          requestStream: true,
          responseStream: true,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
      { ServerReflectionInfo: handle },
    );
  }
}
