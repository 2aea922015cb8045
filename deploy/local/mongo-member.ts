/** One member of the replica set, asked by itself. */
import { type Db, type Document, MongoClient, MongoServerError } from "mongodb";
import { hostOf, type Topology } from "../../services/mesh/topology.ts";
import { wordsOf } from "../../services/values/thrown.ts";

const CONNECT_LIMIT_MS = 1_000;
export const COMMAND_LIMIT_MS = 5_000;
const NO_CONFIGURATION = 94;

/** host:port of each member, in the topology's order. */
export function addresses(topology: Topology): string[] {
  return topology.engines.mongo.map(({ server, port }) => `${hostOf(topology, server)}:${port}`);
}

/** A connection to one member, made anew after every failure: the driver would otherwise wait long before it looks again. */
export class Member {
  readonly address: string;
  #client: MongoClient | undefined;

  constructor(address: string) {
    this.address = address;
  }

  get admin(): Db {
    const limits = { serverSelectionTimeoutMS: CONNECT_LIMIT_MS, connectTimeoutMS: CONNECT_LIMIT_MS, socketTimeoutMS: COMMAND_LIMIT_MS };
    this.#client ??= new MongoClient(`mongodb://${this.address}/`, { directConnection: true, maxPoolSize: 2, ...limits });
    return this.#client.db("admin");
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  /** What it is now, or in words why that is not to be had. */
  async look(): Promise<View | string> {
    try {
      const hello = await this.admin.command({ hello: 1 });
      return {
        member: this,
        primary: hello.isWritablePrimary === true,
        secondary: hello.secondary === true,
        configuration: await this.#configuration(),
      };
    } catch (error) {
      await this.close();
      return `${this.address} does not answer yet (${wordsOf(error)})`;
    }
  }

  async #configuration(): Promise<Document | undefined> {
    try {
      return (await this.admin.command({ replSetGetConfig: 1 })).config as Document;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === NO_CONFIGURATION) return undefined;
      throw error;
    }
  }
}

export interface View {
  readonly member: Member;
  readonly primary: boolean;
  readonly secondary: boolean;
  /** Undefined where the member has none yet. */
  readonly configuration: Document | undefined;
}
