/** The operator's hand on what is parked: the fault has been mended, and each is decided again under its own id. */
import { pause } from "../../services/mesh/clock.ts";
import { contentHash } from "../../services/mesh/journal.ts";
import { encodeCaller, rpcSubject } from "../../services/mesh/rpc.ts";
import { databaseOf } from "./invariants.ts";
import type { Province } from "./province.ts";
import { caller } from "./region.ts";
import { NAMES } from "./services.ts";

const TIMEOUT_MS = 12_000;
const EVERY_MS = 400;
const OPERATOR = caller("OPERATOR");

/** Looks again and again until there is nothing to look after any more. */
export async function operate(province: Province, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (const service of NAMES) {
      const rows = [...province.set.collection(databaseOf(service), "parked").majority.values()];
      for (const { _id: id, resolved } of rows) if (resolved === false) await replay(province, service, id);
    }
    await pause(EVERY_MS);
  }
}

/** By whichever twin answers. What neither does is asked again at the next turn. */
async function replay(province: Province, service: string, id: string): Promise<void> {
  const data = new TextEncoder().encode(JSON.stringify({ id }));
  const headers = { "nrcms-caller": encodeCaller(OPERATOR), "nrcms-hash": contentHash(data), "nrcms-deadline": String(TIMEOUT_MS) };
  for (const twin of ["a", "b"]) {
    const reply = await province.outside.request(rpcSubject(service, "ReplayParked", twin), data, headers, TIMEOUT_MS);
    if (reply.kind !== "reply" || reply.header("nrcms-status") !== "OK") continue;
    province.world.trace.note(`${service} replays ${id}: ${new TextDecoder().decode(reply.data)}`);
    if ((JSON.parse(new TextDecoder().decode(reply.data)) as { outcome?: string }).outcome !== "unavailable") return;
  }
}
