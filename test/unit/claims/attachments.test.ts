/** Attachments: what a file is its bytes say; the same bytes are one attachment; nothing is stored for a claim that cannot have them. */
import { describe, expect, it } from "vitest";
import { ClaimsServiceDefinition as definition } from "../../../proto/generated/nrcms/claims/v1/claims.ts";
import { attachmentCalls } from "../../../services/claims/attachment-calls.ts";
import { type AttachInput, attach, contentFault, MAX_ATTACHMENT_BYTES } from "../../../services/claims/domain/attachment.ts";
import { claims } from "../../../services/claims/domain/documents.ts";
import type { CommandCall, Method, QueryCall, Reader } from "../../../services/mesh/wiring.ts";
import type { Caller } from "../../../services/values/decision.ts";
import { isUnavailable } from "../../../services/values/outcome.ts";
import type { World } from "../../harness/decide.ts";
import { EICAR, JPEG, PDF, PNG } from "../../harness/pictures.ts";
import { bill, expectDone, region, scheme, snapshot, submitted, ZHONGNING } from "./nx-ref.ts";

const { methods } = definition;

describe("bytes", () => {
  it.each([
    ["JPEG", JPEG],
    ["PNG", PNG],
    ["PDF", PDF],
  ] as const)("a whole %s is one, and nothing else", (type, content) => {
    expect(contentFault(content, type)).toBeUndefined();
    for (const other of (["JPEG", "PNG", "PDF"] as const).filter((one) => one !== type))
      expect(contentFault(content, other)).toMatchObject({ code: "NOT_WHAT_IT_SAYS", field: "attachment.content" });
    // Cut off, or with its end far before more bytes.
    expect(contentFault(content.subarray(0, -12), type)).toMatchObject({ code: "NOT_WHAT_IT_SAYS" });
    expect(contentFault(Buffer.concat([content, Buffer.alloc(5_000)]), type)).toMatchObject({ code: "NOT_WHAT_IT_SAYS" });
    expect(contentFault(content.subarray(1), type)).toMatchObject({ code: "NOT_WHAT_IT_SAYS" });
  });

  it("refuses the test virus wherever it lies, and what is too large, first of all", () => {
    expect(contentFault(EICAR, "PDF")).toMatchObject({ code: "INFECTED" });
    expect(contentFault(Buffer.concat([JPEG.subarray(0, 100), EICAR, JPEG]), "JPEG")).toMatchObject({ code: "INFECTED" });
    const large = Buffer.concat([JPEG.subarray(0, 4), Buffer.alloc(MAX_ATTACHMENT_BYTES), JPEG]);
    expect(contentFault(large, "JPEG")).toMatchObject({ code: "ATTACHMENT_TOO_LARGE" });
    const fits = Buffer.concat([JPEG.subarray(0, 4), Buffer.alloc(MAX_ATTACHMENT_BYTES - JPEG.length - 4), JPEG]);
    expect(contentFault(fits, "JPEG")).toBeUndefined();
  });
});

describe("on a claim", () => {
  const HOSPITAL: Caller = { name: "COUNTY-1", role: "HOSPITAL", scope: "COUNTY-1" };
  const held = scheme({ review: { aboveFundFen: 1n, diagnosisPrefixes: [] } });
  const input = (claimId: string, over: Partial<AttachInput> = {}): AttachInput => ({
    whose: { institutionId: "COUNTY-1" },
    claimId,
    attachment: { contentHash: "a".repeat(64), kind: "INVOICE", mediaType: "JPEG", sizeBytes: 9, name: "发票.jpg" },
    isStored: true,
    ...over,
  });
  const hash = (index: number) => ({ attachment: { ...input("").attachment, contentHash: String(index).padStart(64, "0") } });

  it("is there once, however often it is sent; twenty at most; none once the claim has ended", () => {
    const world = region([held]);
    const { claimId } = submitted(world, bill()).bill;
    const first = expectDone(world.run(attach, input(claimId)));
    expect(expectDone(world.run(attach, input(claimId), { atMs: Date.parse("2011-11-28T10:00:00+08:00") }))).toEqual(first);
    for (let index = 1; index < 20; index += 1) expectDone(world.run(attach, input(claimId, hash(index))));
    const before = snapshot(world);
    expect(world.run(attach, input(claimId, hash(99))).result).toMatchObject({ code: "TOO_MANY_ATTACHMENTS" });
    expect(expectDone(world.run(attach, input(claimId)))).toEqual(first);
    expect(world.run(attach, input(claimId, { whose: { institutionId: "COUNTY-2" } })).result).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(world.run(attach, input(claimId, { whose: { county: ZHONGNING } })).result).toMatchObject({ code: "UNKNOWN_CLAIM" });
    const claim = world.get(claims.key(claimId));
    if (!claim) throw new Error("no claim");
    world.put(claims.key(claimId), { ...claim, state: "REFUSED" });
    expect(world.run(attach, input(claimId)).result).toMatchObject({ code: "CLAIM_ENDED", field: "claim_id" });
    world.put(claims.key(claimId), claim);
    expect(snapshot(world)).toEqual(before);
    expect(
      isUnavailable(
        world.run(
          attach,
          input(submitted(world, bill({ admittedOn: "2011-10-01", dischargedOn: "2011-10-02" })).bill.claimId, { isStored: false }),
        ).result,
      ),
    ).toBe(true);
  });

  it("comes through the door, and is read by whoever may read the claim", async () => {
    const world: World = region([held]);
    const { claimId } = submitted(world, bill()).bill;
    const files = new Map<string, Uint8Array>();
    const reader = { get: async (key: never) => world.get(key) } as unknown as Reader;
    const calls = attachmentCalls({
      reader,
      files: { put: async (name, content) => void files.set(name, content), get: async (name) => files.get(name) },
    });
    // biome-ignore lint/suspicious/noExplicitAny: one door for every method.
    const command = async (method: Method<any, any>, request: object): Promise<any> => {
      const call = calls.find((one): one is CommandCall => one.act === "command" && one.method === method);
      if (!call) throw new Error("not served");
      const refused = call.check(request, HOSPITAL);
      return refused ?? world.run(call.decision, await call.input(request, HOSPITAL), { caller: HOSPITAL }).result;
    };
    const form = { kind: "INVOICE", mediaType: "JPEG", name: "发票.jpg", content: JPEG };
    const request = { requestId: "r", institutionId: "COUNTY-1", claimId, attachment: form };
    for (const [over, field] of [
      [{ kind: "UNSPECIFIED" }, "attachment.kind"],
      [{ mediaType: "UNSPECIFIED" }, "attachment.media_type"],
      [{ name: "" }, "attachment.name"],
      [{ content: Buffer.alloc(0) }, "attachment.content"],
      [{ content: EICAR }, "attachment.content"],
    ] as const)
      expect(await command(methods.attachToClaim, { ...request, attachment: { ...form, ...over } })).toMatchObject({
        outcome: "refused",
        field,
      });
    expect(await command(methods.attachToClaim, { ...request, attachment: undefined })).toMatchObject({ field: "attachment" });
    expect(await command(methods.attachToClaim, { ...request, claimId: "C-none" })).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(await command(methods.attachToPaperClaim, { ...request, county: ZHONGNING })).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(files.size).toBe(0);
    const attached = await command(methods.attachToClaim, request);
    expect(attached).toMatchObject({ mediaType: "JPEG", sizeBytes: JPEG.length, attachedBy: "COUNTY-1" });
    expect([...files.keys()]).toEqual([attached.contentHash]);
    const get = calls.find((one): one is QueryCall => one.act === "query");
    const asked = { claimId, contentHash: attached.contentHash };
    expect(await get?.answer(asked, HOSPITAL)).toMatchObject({ content: JPEG });
    expect(await get?.answer(asked, { ...HOSPITAL, scope: "COUNTY-2" })).toMatchObject({ code: "UNKNOWN_CLAIM" });
    expect(await get?.answer({ ...asked, contentHash: "b".repeat(64) }, HOSPITAL)).toMatchObject({ code: "UNKNOWN_ATTACHMENT" });
    expect(await get?.answer({ ...asked, contentHash: "x" }, HOSPITAL)).toMatchObject({ field: "content_hash" });
  });
});
