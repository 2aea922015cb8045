/** Somebody who asks the province: with one request id until there is an answer, impatiently, and sometimes again although there was one. */

import { pause } from "../../services/mesh/clock.ts";
import { askedId } from "../../services/mesh/inputs.ts";
import { contentHash } from "../../services/mesh/journal.ts";
import { type Client, type RpcReply, refusalOf } from "../../services/mesh/rpc.ts";
import { newTraceparent } from "../../services/mesh/telemetry.ts";
import type { RequestOf, ResponseOf, ServiceDefinition } from "../../services/mesh/wiring.ts";
import type { Caller } from "../../services/values/decision.ts";
import type { Refusal } from "../../services/values/outcome.ts";
import type { Invariants } from "./invariants.ts";
import type { World } from "./world.ts";

const TIMEOUT_MS = 4_000;
const PATIENCE: readonly [number, number] = [20, 600];
/** Of ten thousand commands: so many are sent twice at once, so many again after their answer, so many with other content under their id. */
const TWICE_BP = 2_000;
const AGAIN_BP = 2_000;
const OTHER_BP = 500;

export class RefusedAtDesk extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(`${refusal.code} ${refusal.field}: ${refusal.en}`);
    this.refusal = refusal;
  }
}

/** Answers that are no input's outcome. */
const NO_INPUT = new Set(["BAD_REQUEST", "WRONG_ROLE", "WRONG_SCOPE", "REQUEST_REUSED", "PARKED", "INTERNAL"]);

export class Desk {
  private readonly world: World;
  private readonly client: Client;
  private readonly invariants: Invariants;

  constructor(world: World, client: Client, invariants: Invariants) {
    this.world = world;
    this.client = client;
    this.invariants = invariants;
  }

  /** A question; asked until it is answered. */
  async ask<D extends ServiceDefinition, M extends keyof D["methods"] & string>(
    definition: D,
    method: M,
    caller: Caller,
    request: RequestOf<D, M>,
  ): Promise<ResponseOf<D, M>> {
    const { name, requestType, responseType } = methodOf(definition, method);
    const { made } = this.invariants;
    const reply = await this.insist(serviceOf(definition), name, caller, requestType.encode(request).finish());
    return responseType.decode(this.okay(reply, made)) as ResponseOf<D, M>;
  }

  /** A command. Throws `RefusedAtDesk`. */
  async order<D extends ServiceDefinition, M extends keyof D["methods"] & string>(
    definition: D,
    method: M,
    caller: Caller,
    request: RequestOf<D, M> & { readonly requestId: string },
  ): Promise<ResponseOf<D, M>> {
    const { name, requestType, responseType } = methodOf(definition, method);
    const service = serviceOf(definition);
    const data = requestType.encode(request).finish();
    const id = askedId(caller, name, request.requestId);
    const { chance } = this.world;
    this.invariants.asks(service, id);
    const { made } = this.invariants;
    const send = async (): Promise<RpcReply> => {
      const reply = await this.insist(service, name, caller, data);
      this.heard(service, id, reply);
      return reply;
    };
    const [twice, again, other] = [chance.chance(TWICE_BP), chance.chance(AGAIN_BP), chance.chance(OTHER_BP)];
    const second = twice ? pause(this.world.span(0, 150)).then(send) : undefined;
    const reply = await send();
    await second;
    if (again) await pause(this.world.span(1, 2_000)).then(send);
    if (other && !isNoInput(reply)) await this.reuse(service, name, caller, data, id);
    const answer = responseType.decode(this.okay(reply, made)) as ResponseOf<D, M>;
    this.invariants.saidYes(method, request);
    return answer;
  }

  private okay(reply: RpcReply, madeBefore: number): Uint8Array {
    if (reply.status === "OK") return reply.data;
    const refusal = refusalOf(reply.data);
    this.invariants.saidNo(refusal, madeBefore);
    throw new RefusedAtDesk(refusal);
  }

  /** The id of what was decided, with other content: it must be refused. */
  private async reuse(service: string, method: string, caller: Caller, data: Uint8Array, id: string): Promise<void> {
    const reply = await this.insist(service, method, caller, data, contentHash(Buffer.concat([data, data])));
    const refused = reply.status === "ALREADY_EXISTS" && refusalOf(reply.data).code === "REQUEST_REUSED";
    this.world.hold(refused, () => `${service} ${id} came with other content, and was answered ${reply.status}`);
  }

  private heard(service: string, id: string, reply: RpcReply): void {
    if (!isNoInput(reply)) this.invariants.answered({ service, id, status: reply.status, data: reply.data });
  }

  private async insist(service: string, method: string, caller: Caller, data: Uint8Array, hash = contentHash(data)): Promise<RpcReply> {
    for (;;) {
      const reply = await this.client.call(service, method, data, { caller, traceparent: newTraceparent(), hash, timeoutMs: TIMEOUT_MS });
      const parked = reply.status === "INTERNAL";
      if (reply.status !== "UNAVAILABLE" && !parked) {
        this.world.trace.note(`${caller.name} ${method}: ${reply.status}`);
        return reply;
      }
      await pause(this.world.span(...PATIENCE));
    }
  }
}

function isNoInput(reply: RpcReply): boolean {
  return reply.status !== "OK" && NO_INPUT.has(refusalOf(reply.data).code);
}

function serviceOf(definition: ServiceDefinition): string {
  return definition.fullName.split(".")[1] ?? "";
}

function methodOf(definition: ServiceDefinition, name: string) {
  const method = definition.methods[name];
  if (!method) throw new Error(`${definition.fullName} has no ${name}`);
  return method;
}
