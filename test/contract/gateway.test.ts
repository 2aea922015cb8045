/** The machines' door as a stranger meets it: what it shows of itself, and whom it lets in. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer, loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAuthority } from "../../deploy/local/authority.ts";
import { ROOT } from "../../deploy/local/binaries.ts";
import { type Bill, ClaimsServiceDefinition, GetClaimRequest } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { MonitoringServiceDefinition, NightState } from "../../proto/generated/nrcms/monitoring/v1/monitoring.ts";
import { publicServices } from "../../services/gateway/methods.ts";
import { gatewayAddresses } from "../../services/nrcms/gateway-client.ts";
import { SAMPLE_DAY } from "../../services/nrcms/run.ts";
import { addDays } from "../../services/values/days.ts";
import { type DoorCallers, doorCallers, plainBills } from "../harness/door-callers.ts";
import { type DoorMesh, regionFor, startDoorMesh } from "../harness/door-mesh.ts";
import { CHANNEL_OPTIONS, type Identity, secureWith } from "../harness/raw-call.ts";
import { fileByName, fileOf, listServices, REFLECTIONS, reflect } from "../harness/reflect.ts";
import { until } from "../unit/sandbox/bank.ts";

const START_LIMIT_MS = 240_000;
const NIGHT_LIMIT_MS = 30_000;
const HOSPITAL = "H640521001";
const GET = "/nrcms.claims.v1.ClaimsService/GetClaim";
const HEALTH = "/grpc.health.v1.Health/Check";
const SERVING = 1;
/** The key of the access option in a method's options: field 50001, length-delimited. */
const ACCESS_OPTION = Buffer.from(new BinaryWriter().uint32((50_001 << 3) | 2).finish());

const strangers = mkdtempSync(join(tmpdir(), "nrcms-strangers-"));
let mesh: DoorMesh;
let callers: DoorCallers;
let bills: readonly Bill[];

beforeAll(async () => {
  bills = await plainBills(HOSPITAL, 1);
  mesh = await startDoorMesh({ region: await regionFor(bills) });
  callers = doorCallers(mesh);
}, START_LIMIT_MS);

afterAll(async () => {
  callers?.close();
  await mesh?.stop();
  rmSync(strangers, { recursive: true, force: true });
}, START_LIMIT_MS);

describe("what it shows of itself", () => {
  const names = publicServices.map(({ fullName }) => fullName);

  test.each(REFLECTIONS)("reflection %s lists every public service, and health", async (version) => {
    const { services } = await reflect(callers.as("operator").client, version, listServices());
    expect(services.toSorted()).toEqual([...names, "grpc.health.v1.Health"].toSorted());
  });

  test.each(REFLECTIONS)("reflection %s describes every service with its imports, its comments and its access rules", async (version) => {
    const { client } = callers.as("operator");
    for (const { fullName, methods } of publicServices) {
      const { files } = await reflect(client, version, fileOf(fullName));
      const known = new Set(files.map(({ file }) => file.name));
      for (const { file } of files) for (const imported of file.dependency) expect(known).toContain(imported);
      const file = files.find((one) => one.file.package === fullName.slice(0, fullName.lastIndexOf(".")))?.file;
      const service = file?.service.find((one) => fullName.endsWith(`.${one.name}`));
      expect(service?.method.map((method) => method.name)).toEqual(expect.arrayContaining(methods.map((method) => method.name)));
      expect(
        file?.sourceCodeInfo?.location.some((place) => place.leadingComments?.includes("Errors")),
        fullName,
      ).toBe(true);
      expect(Buffer.from(files.find((one) => one.file === file)?.bytes ?? []).includes(ACCESS_OPTION)).toBe(true);
    }
  });

  test.each([
    ["a message", fileOf("nrcms.claims.v1.Bill"), "nrcms/claims/v1/claims.proto"],
    ["a field", fileOf("nrcms.claims.v1.Bill.total_fen"), "nrcms/claims/v1/claims.proto"],
    ["an enum", fileOf("nrcms.claims.v1.ClaimState"), "nrcms/claims/v1/claims.proto"],
    ["a method", fileOf("nrcms.claims.v1.ClaimsService.SubmitClaim"), "nrcms/claims/v1/claims.proto"],
    ["the detail of a refusal", fileOf("google.rpc.ErrorInfo"), "google/rpc/error_details.proto"],
    ["a file by its name", fileByName("nrcms/values/v1/access.proto"), "nrcms/values/v1/access.proto"],
  ])("%s is found", async (_, question, name) => {
    const { files, error } = await reflect(callers.as("operator").client, "v1", question);
    expect(error).toBeUndefined();
    expect(files.map(({ file }) => file.name)).toContain(name);
  });

  test("what is not there is NOT_FOUND, and what is no question ends the stream, not the gateway", async () => {
    const { client } = callers.as("operator");
    expect((await reflect(client, "v1", fileOf("nrcms.claims.v1.Nothing"))).error).toBe(status.NOT_FOUND);
    expect((await reflect(client, "v1", fileByName("nothing.proto"))).error).toBe(status.NOT_FOUND);
    await expect(reflect(client, "v1", Buffer.from([0x3a, 0xff, 0xff]))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((await reflect(client, "v1", listServices())).services.length).toBeGreaterThan(0);
  });

  test.each(["", ...names])("health says that %s is SERVING", async (service) => {
    const bytes = new BinaryWriter().uint32(10).string(service).finish();
    const answer = await callers.as("supervisor").call(HEALTH, bytes);
    expect([...answer.data]).toEqual([8, SERVING]);
  });
});

describe("a programmer with another stack", () => {
  const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
  type Unary = (
    request: object,
    done: (error: ServiceError | null, reply: { claim: Record<string, unknown> & { benefit: Record<string, string> } }) => void,
  ) => void;
  type Stub = new (address: string, secure: ReturnType<typeof secureWith>, options: object) => Record<string, Unary> & { close(): void };

  /** A bill as the file of a hospital has it. */
  const written = (bill: Bill) => ({
    claim_id: bill.claimId,
    institution_id: bill.institutionId,
    person_id: bill.personId,
    visit_kind: `VISIT_KIND_${bill.visitKind}`,
    diagnosis: bill.diagnosis,
    admitted_on: bill.admittedOn,
    discharged_on: bill.dischargedOn,
    invoice_number: bill.invoiceNumber,
    referral_id: bill.referralId,
    tcm: bill.tcm,
    procedures: bill.procedures,
    newborn: bill.newborn,
    lines: bill.lines.map((line) => ({
      item_code: line.itemCode,
      day: line.day,
      quantity_e4: String(line.quantityE4),
      unit_price_fen: String(line.unitPriceFen),
      billed_fen: String(line.billedFen),
    })),
    total_fen: String(bill.totalFen),
  });

  const stubs: { close(): void }[] = [];
  afterAll(() => {
    for (const stub of stubs) stub.close();
  });

  function stubFrom(packages: ReturnType<typeof loadSync>) {
    const tree = loadPackageDefinition(packages) as unknown as { nrcms: { claims: { v1: { ClaimsService: Stub } } } };
    const stub = new tree.nrcms.claims.v1.ClaimsService(
      gatewayAddresses(mesh.topology)[0] ?? "",
      secureWith(mesh.identity(`hospital-${HOSPITAL}`)),
      CHANNEL_OPTIONS,
    );
    stubs.push(stub);
    return (method: string, request: object) =>
      new Promise<Record<string, unknown> & { benefit: Record<string, string> }>((resolve, reject) => {
        const call = stub[method];
        if (!call) throw new Error(`no method ${method}`);
        call.call(stub, request, (error, reply) => (error ? reject(error) : resolve(reply.claim)));
      });
  }

  test("bills from the .proto files alone, and asks after the claim from what reflection gave", async () => {
    const bill = bills[0] as Bill;
    const fromFiles = stubFrom(loadSync("nrcms/claims/v1/claims.proto", { ...options, includeDirs: [join(ROOT, "proto")] }));
    const claim = await fromFiles("SubmitClaim", { request_id: "other-stack-1", bill: written(bill) });
    expect(claim.state).toBe("CLAIM_STATE_APPROVED");
    expect(claim.bill).toEqual(written(bill));
    const { total_fen: total, fund_fen: fund, patient_fen: patient } = claim.benefit;
    expect(BigInt(fund ?? "") + BigInt(patient ?? "")).toBe(BigInt(total ?? ""));
    expect(total).toBe(String(bill.totalFen));

    const { files } = await reflect(callers.as("operator").client, "v1", fileOf(ClaimsServiceDefinition.fullName));
    const set = new BinaryWriter();
    for (const { bytes } of files) set.uint32(10).bytes(bytes);
    const fromReflection = stubFrom(loadFileDescriptorSetFromBuffer(Buffer.from(set.finish()), options));
    const again = await fromReflection("GetClaim", { claim_id: bill.claimId });
    expect(again.benefit).toEqual(claim.benefit);
  });
});

describe("who is let in", () => {
  /** The connection itself fails: no call is ever made. */
  async function refusedInHandshake(identity: Identity): Promise<void> {
    const answer = await callers.as(identity).call(HEALTH, new Uint8Array(), 5_000);
    expect(["UNAVAILABLE", "DEADLINE_EXCEEDED"]).toContain(answer.status);
    expect(answer.details).toBeUndefined();
    expect(answer.data).toHaveLength(0);
  }

  test("a certificate of another authority is refused in the handshake", async () => {
    const authority = await openAuthority(strangers);
    authority.issueClient({ name: "operator", role: "OPERATOR", scope: "640000" });
    const file = (name: string) => readFileSync(join(strangers, name));
    await refusedInHandshake({
      authority: mesh.identity("operator").authority,
      key: file("operator.key"),
      certificate: file("operator.pem"),
    });
  });

  test("no certificate, one that has run out, and one for servers are refused in the handshake", async () => {
    const { authority } = mesh.identity("operator");
    await refusedInHandshake({ authority });
    const dayMs = 86_400_000;
    await refusedInHandshake(
      callers.certified("late", ["nrcms://OPERATOR/640000"], { fromMs: Date.now() - 2 * dayMs, untilMs: Date.now() - dayMs }),
    );
    const { key, certificate } = mesh.identity("gateway-b");
    await refusedInHandshake({ authority, key, certificate });
  });

  test.each([
    ["names no role", ["somebody"]],
    ["names two", ["nrcms://MAKER/640000", "nrcms://CHECKER/640000"]],
    ["names a role that there is not", ["nrcms://GOD/640000"]],
    ["names no scope", ["nrcms://OPERATOR/"]],
    ["is that of a twin of the mesh", ["nrcms://SERVICE/640000"]],
  ])("a certificate that %s is UNAUTHENTICATED", async (_, names) => {
    const answer = await callers.as(callers.certified("somebody", names)).call(GET, GetClaimRequest.encode({ claimId: "X" }).finish());
    expect(answer.status).toBe("UNAUTHENTICATED");
    expect(answer.details?.reason).toBe("UNKNOWN_CALLER");
    expect(answer.details?.localized).toMatchObject({
      "zh-CN": expect.stringMatching(/\p{Script=Han}/u),
      en: expect.stringMatching(/caller/),
    });
  });

  test("a method that is not there is UNIMPLEMENTED", async () => {
    expect((await callers.as("operator").call("/nrcms.claims.v1.ClaimsService/PayEverybody", new Uint8Array())).status).toBe(
      "UNIMPLEMENTED",
    );
    expect((await callers.as("operator").call("/nrcms.secrets.v1.Secrets/Tell", new Uint8Array())).status).toBe("UNIMPLEMENTED");
  });
});

describe("the nightly audit", () => {
  test("is made apart by the twin that leads, is asked for by an operator, and what it finds is an alarm of the supervisor's", async () => {
    const operator = mesh.people.as("operator");
    const monitoring = mesh.mongo.db("nrcms_monitoring");
    const nights = monitoring.collection<{ _id: string; judgedThrough: string }>("nights");
    await expect(operator.call(MonitoringServiceDefinition, "getNightAudit", { day: "" })).rejects.toMatchObject({ code: "UNKNOWN_AUDIT" });
    expect(await until(async () => (await nights.findOne({ _id: "audit" })) !== null, NIGHT_LIMIT_MS)).toBe(true);
    // A document that is nobody's, and a night that is still to be audited.
    await monitoring.collection<{ _id: string; county: string }>("overviews").insertOne({ _id: "999999", county: "999999" });
    await nights.updateOne({ _id: "audit" }, { $set: { judgedThrough: addDays(SAMPLE_DAY, -3) } });
    const night = async () => await operator.call(MonitoringServiceDefinition, "getNightAudit", { day: SAMPLE_DAY });
    const ended = async () => (await night().catch(() => undefined))?.state === NightState.ENDED;
    expect(await until(ended, NIGHT_LIMIT_MS)).toBe(true);
    const { lines, clean, attempts, peakResidentBytes } = await night();
    expect(lines.flatMap(({ breaches }) => breaches)).toEqual(["monitoring: 1 document(s) of overviews belong to 999999"]);
    expect([clean, attempts, lines.length]).toEqual([false, 1, 9]);
    expect(Number(peakResidentBytes)).toBeLessThan(512 * 1_048_576);
    const { alarms } = await operator.call(MonitoringServiceDefinition, "listAlarms", {});
    expect(alarms.filter(({ kind }) => kind.startsWith("AUDIT_")).map(({ kind, owner, en }) => `${kind} ${owner} ${en}`)).toEqual([
      expect.stringMatching(/^AUDIT_BREACH SUPERVISOR .*2011-11-25 found 1 breach.* of invariant\(s\) 8/),
      expect.stringMatching(/^AUDIT_MISSED OPERATOR Up to 2011-11-24 the audit of 2 night/),
    ]);
  });
});
