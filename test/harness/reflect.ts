/** A small client of gRPC server reflection, v1 or v1alpha: what grpcurl and Postman ask first. */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Client } from "@grpc/grpc-js";
import { FileDescriptorProto } from "../../proto/generated/google/protobuf/descriptor.ts";

const TIMEOUT_MS = 30_000;
export const REFLECTIONS = ["v1", "v1alpha"] as const;
export type ReflectionVersion = (typeof REFLECTIONS)[number];

export interface Reflected {
  readonly services: readonly string[];
  /** FileDescriptorProtos, as bytes and read. */
  readonly files: readonly { readonly bytes: Uint8Array; readonly file: FileDescriptorProto }[];
  /** gRPC status code of an error_response. */
  readonly error: number | undefined;
}

export const listServices = () => new BinaryWriter().uint32(58).string("*").finish();
export const fileOf = (symbol: string) => new BinaryWriter().uint32(34).string(symbol).finish();
export const fileByName = (name: string) => new BinaryWriter().uint32(26).string(name).finish();

/** Asks one question. Rejects with the stream's error. */
export function reflect(client: Client, version: ReflectionVersion, question: Uint8Array): Promise<Reflected> {
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const call = client.makeBidiStreamRequest(path, same, same, { deadline: Date.now() + TIMEOUT_MS });
    let answer: Reflected | undefined;
    call.on("data", (bytes: Buffer) => {
      answer = read(bytes);
    });
    call.on("error", reject);
    call.on("end", () => answer && resolve(answer));
    call.write(Buffer.from(question));
    call.end();
  });
}

function read(bytes: Uint8Array): Reflected {
  const services: string[] = [];
  const files: { bytes: Uint8Array; file: FileDescriptorProto }[] = [];
  let error: number | undefined;
  eachField(bytes, (field, reader) => {
    if (field === 4) eachField(reader.bytes(), (_, file) => void files.push(fileFrom(file.bytes())));
    else if (field === 6) {
      eachField(reader.bytes(), (_, list) => eachField(list.bytes(), (_part, one) => void services.push(one.string())));
    } else if (field === 7) {
      eachField(reader.bytes(), (part, one) => {
        if (part === 1) error = one.int32();
        else one.string();
      });
    } else reader.bytes();
  });
  return { services, files, error };
}

function fileFrom(bytes: Uint8Array) {
  return { bytes, file: FileDescriptorProto.decode(bytes) };
}

function eachField(bytes: Uint8Array, handle: (field: number, reader: BinaryReader) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) handle(reader.tag()[0], reader);
}
