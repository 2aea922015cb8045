/** What each may do at the machines' door, and how it says no: the whole table of roles and methods, the scopes, the words of a refusal, and the bank's own door. */
import { request as httpsRequest } from "node:https";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bill, GetClaimRequest, SubmitClaimRequest, SubmitClaimResponse } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import { EnrolHouseholdsRequest } from "../../proto/generated/nrcms/enrollment/v1/enrollment.ts";
import { GetTrialBalanceRequest, ReceiveFundsRequest } from "../../proto/generated/nrcms/settlement/v1/settlement.ts";
import { Role } from "../../proto/generated/nrcms/values/v1/access.ts";
import { publicServices } from "../../services/gateway/methods.ts";
import { accessOf } from "../../services/mesh/access.ts";
import { openSigning, SIGNATURE_HEADER } from "../../services/payment/bank/signature.ts";
import { type DoorCallers, doorCallers, plainBills } from "../harness/door-callers.ts";
import { type DoorMesh, regionFor, startDoorMesh } from "../harness/door-mesh.ts";

const START_LIMIT_MS = 240_000;
const HOSPITAL = "H640521001";
const OTHER_HOSPITAL = "H640424001";
const SUBMIT = "/nrcms.claims.v1.ClaimsService/SubmitClaim";
const GET = "/nrcms.claims.v1.ClaimsService/GetClaim";
/** Whoever has this role has this certificate in the sandbox. */
const HOLDERS: Readonly<Record<string, string>> = {
  HOSPITAL: `hospital-${HOSPITAL}`,
  CLERK: "clerk-640521",
  REVIEWER: "reviewer-640521",
  MAKER: "maker",
  CHECKER: "checker",
  TREASURER: "treasurer",
  ADMINISTRATOR: "administrator",
  OPERATOR: "operator",
  BANK: "bank-client",
  SUPERVISOR: "supervisor",
};

const offered = publicServices.flatMap(({ fullName, methods }) =>
  methods.map((method) => ({ path: `/${fullName}/${method.name}`, method, rule: accessOf(method) })),
);
let mesh: DoorMesh;
let callers: DoorCallers;
let own: readonly Bill[];
let others: readonly Bill[];

beforeAll(async () => {
  [own, others] = await Promise.all([plainBills(HOSPITAL, 3), plainBills(OTHER_HOSPITAL, 1)]);
  mesh = await startDoorMesh({ region: await regionFor([...own, ...others]) });
  callers = doorCallers(mesh);
}, START_LIMIT_MS);

afterAll(async () => {
  callers?.close();
  await mesh?.stop();
}, START_LIMIT_MS);

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there are only ${list.length}`);
  return found;
}

const submission = (requestId: string, bill: Bill) => SubmitClaimRequest.encode({ requestId, bill }).finish();

describe("what each may do", () => {
  test("every role has a holder in the sandbox", () => {
    const roles = Object.values(Role).filter((role) => role !== Role.UNSPECIFIED && role !== Role.SERVICE);
    expect(Object.keys(HOLDERS).toSorted()).toEqual(roles.toSorted());
  });

  test.each(Object.entries(HOLDERS))("%s may call what the contract says and nothing else", async (role, name) => {
    const raw = callers.as(name);
    const answers = await Promise.all(offered.map(async (one) => ({ ...one, answer: await raw.call(one.path, new Uint8Array()) })));
    const allowed: string[] = [];
    for (const { path, rule, answer } of answers) {
      const may = rule.roles.some((one) => one === role);
      if (may) allowed.push(path);
      expect(answer.details?.reason === "WRONG_ROLE", `${role} ${path}: ${answer.words}`).toBe(!may);
      if (!may) expect(answer.status).toBe("PERMISSION_DENIED");
      else if (rule.act === "COMMAND") expect([answer.status, answer.details?.refused?.field]).toEqual(["INVALID_ARGUMENT", "request_id"]);
    }
    expect(allowed.length).toBeGreaterThan(0);
    expect(allowed.length, "no certificate can do everything").toBeLessThan(offered.length);
  });

  test("a hospital bills only as itself", async () => {
    const answer = await callers.as(`hospital-${HOSPITAL}`).call(SUBMIT, submission("as-another", at(others, 0)));
    expect(answer.status).toBe("PERMISSION_DENIED");
    expect(answer.details?.refused).toMatchObject({ code: "WRONG_SCOPE", field: "bill.institution_id", status: "PERMISSION_DENIED" });
  });

  test("a hospital sees its own claims, and of another's not even that they exist", async () => {
    const bill = at(own, 1);
    const hospital = callers.as(`hospital-${HOSPITAL}`);
    const submitted = await hospital.call(SUBMIT, submission("seen-by-whom", bill));
    expect(submitted.status).toBe("OK");
    expect(SubmitClaimResponse.decode(submitted.data).claim?.bill?.claimId).toBe(bill.claimId);
    const asked = GetClaimRequest.encode({ claimId: bill.claimId }).finish();
    expect((await hospital.call(GET, asked)).status).toBe("OK");
    const answers = await Promise.all(
      [`hospital-${OTHER_HOSPITAL}`, "reviewer-640424", "reviewer-640521", "operator"].map(
        async (name) => (await callers.as(name).call(GET, asked)).details?.reason ?? "OK",
      ),
    );
    expect(answers).toEqual(["UNKNOWN_CLAIM", "UNKNOWN_CLAIM", "OK", "OK"]);
  });

  test.each([
    [
      "a clerk enrols in another county",
      "clerk-640424",
      "/nrcms.enrollment.v1.EnrollmentService/EnrolHouseholds",
      () =>
        EnrolHouseholdsRequest.encode({
          requestId: "x",
          county: "640521",
          year: 2011,
          contributionFenPerHead: 3_000n,
          queueDuplicates: false,
          households: [],
        }).finish(),
    ],
    [
      "a reviewer looks at another county's desk",
      "reviewer-640424",
      "/nrcms.claims.v1.ClaimsService/ListReviewTasks",
      () => new BinaryWriter().uint32(10).string("640521").finish(),
    ],
    [
      "a county's treasurer books another county's money",
      ["TREASURER", "640424"],
      "/nrcms.settlement.v1.SettlementService/ReceiveFunds",
      () => ReceiveFundsRequest.encode({ requestId: "x", county: "640521", source: "CENTRAL", amountFen: 1n, reference: "r" }).finish(),
    ],
    [
      "a county's treasurer reads another county's book",
      ["TREASURER", "640424"],
      "/nrcms.settlement.v1.SettlementService/GetTrialBalance",
      () => GetTrialBalanceRequest.encode({ county: "640521", day: "" }).finish(),
    ],
    [
      "a county's supervisor looks at another county",
      ["SUPERVISOR", "640424"],
      "/nrcms.monitoring.v1.MonitoringService/GetOverview",
      () => new BinaryWriter().uint32(10).string("640521").finish(),
    ],
  ] as const)("%s: PERMISSION_DENIED", async (_, who, path, request) => {
    const identity =
      typeof who === "string" ? who : callers.certified(`${who[0]}-${who[1]}`.toLowerCase(), [`nrcms://${who[0]}/${who[1]}`]);
    const answer = await callers.as(identity).call(path, request());
    expect(answer.status).toBe("PERMISSION_DENIED");
    expect(answer.details?.refused).toMatchObject({ code: "WRONG_SCOPE", field: "county" });
  });
});

describe("how it says no", () => {
  test("the trailer carries the code, the field, and the reason in Chinese and English, in the words of google.rpc and in our own", async () => {
    const bill = at(own, 0);
    const {
      status: name,
      words,
      details,
    } = await callers.as(`hospital-${HOSPITAL}`).call(SUBMIT, submission("wrong-sum", { ...bill, totalFen: bill.totalFen + 1n }));
    expect(name).toBe("INVALID_ARGUMENT");
    const { zh = "", en = "" } = details?.refused ?? {};
    expect(zh).toContain(String(bill.totalFen));
    expect(en).toContain(String(bill.totalFen));
    expect(words).toBe(`BILL_SUM (bill.total_fen): ${zh} / ${en}`);
    expect(details).toEqual({
      code: status.INVALID_ARGUMENT,
      message: words,
      types: [
        "google.rpc.ErrorInfo",
        "google.rpc.LocalizedMessage",
        "google.rpc.LocalizedMessage",
        "nrcms.values.v1.Refused",
        "google.rpc.BadRequest",
      ],
      reason: "BILL_SUM",
      domain: "nrcms",
      metadata: { field: "bill.total_fen" },
      localized: { "zh-CN": zh, en },
      violations: [{ field: "bill.total_fen", description: en }],
      refused: { code: "BILL_SUM", field: "bill.total_fen", zh, en, status: "INVALID_ARGUMENT" },
    });
  });

  test("the same request again gets the same bytes again, from either gateway; other content under its id is refused", async () => {
    const bill = at(own, 2);
    const [a, b] = [callers.as(`hospital-${HOSPITAL}`, "a"), callers.as(`hospital-${HOSPITAL}`, "b")];
    const first = await a.call(SUBMIT, submission("twice", bill));
    expect(first.status).toBe("OK");
    expect(Buffer.from((await b.call(SUBMIT, submission("twice", bill))).data)).toEqual(Buffer.from(first.data));
    const other = await b.call(SUBMIT, submission("twice", { ...bill, diagnosis: "K35.9", tcm: !bill.tcm }));
    expect(other.status).toBe("ALREADY_EXISTS");
    expect(other.details?.refused).toMatchObject({ code: "REQUEST_REUSED", field: "request_id" });
  });

  test("an answer names its trace, and a caller's own trace is kept", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const { client } = callers.as(`hospital-${HOSPITAL}`);
    const metadata = new Metadata();
    metadata.set("traceparent", `00-${traceId}-b7ad6b7169203331-00`);
    const trailer = await new Promise<string>((resolve, reject) => {
      const same = (bytes: Buffer) => bytes;
      const bytes = Buffer.from(new BinaryWriter().uint32(10).string(at(own, 0).personId).uint32(18).string("2011-11-25").finish());
      const call = client.makeUnaryRequest(
        "/nrcms.enrollment.v1.EnrollmentService/CheckEligibility",
        same,
        same,
        bytes,
        metadata,
        {},
        (error) => error && reject(error),
      );
      call.on("status", (answer) => resolve(String(answer.metadata.get("nrcms-trace")[0])));
    });
    expect(trailer).toBe(traceId);
  });
});

describe("the bank's door", () => {
  function post(
    name: string | undefined,
    body: string | Buffer,
    { path = "/bank/v1/messages", method = "POST", signature = "" } = {},
  ): Promise<{ code: number; body: Record<string, string> }> {
    const { authority, key, certificate } =
      name === undefined ? { ...mesh.identity("operator"), key: undefined, certificate: undefined } : mesh.identity(name);
    const port = mesh.topology.services.gateway?.a.bank ?? 0;
    const headers = signature === "" ? {} : { [SIGNATURE_HEADER]: signature };
    return new Promise((resolve, reject) => {
      const asking = httpsRequest(
        {
          host: "127.0.0.1",
          port,
          path,
          method,
          headers,
          ca: authority,
          ...(key && certificate ? { key, cert: certificate } : {}),
          agent: false,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.once("end", () =>
            resolve({ code: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, string> }),
          );
        },
      );
      asking.once("error", reject);
      asking.end(body);
    });
  }

  test("nobody without a certificate, and nobody but the bank", async () => {
    await expect(post(undefined, "<x/>")).rejects.toThrow();
    expect(await post("checker", "<x/>")).toMatchObject({ code: 403, body: { code: "WRONG_ROLE" } });
    expect(await post(`hospital-${HOSPITAL}`, "<x/>")).toMatchObject({ code: 403, body: { code: "WRONG_ROLE" } });
  });

  test.each([
    ["another path", "<x/>", { path: "/bank" }, { code: 404, body: { code: "NOT_FOUND" } }],
    ["a look", "", { method: "GET" }, { code: 404, body: { code: "NOT_FOUND" } }],
    ["a message that nobody has signed", "<Document/>", {}, { code: 403, body: { code: "NOT_BELIEVED" } }],
    ["a message with a signature that is none", "<Document/>", { signature: "a..b" }, { code: 403, body: { code: "NOT_BELIEVED" } }],
    ["a message larger than 4 MB", Buffer.alloc(5_000_000, " "), {}, { code: 413, body: { code: "TOO_LARGE" } }],
  ])("%s is refused, in both languages", async (_, body, how, wanted) => {
    const answer = await post("bank-client", body, how);
    expect(answer).toMatchObject(wanted);
    expect(answer.body.zh).toMatch(/\p{Script=Han}/u);
    expect(answer.body.en).toMatch(/^[\x20-\x7e]+$/);
  });

  test("what the bank has signed is read: what is no message is refused, and one under another's id is not believed", async () => {
    const identity = (name: string) => {
      const { key, certificate } = mesh.identity(name);
      if (!key || !certificate) throw new Error(`${name} has no certificate`);
      return { key, certificate };
    };
    const now = () => Date.now() + mesh.topology.clock_offset_ms;
    const bank = openSigning(identity("bank-signing"), identity("payment-signing").certificate);
    const send = async (body: string) => await post("bank-client", body, { signature: await bank.sign(Buffer.from(body), now()) });
    const account = mesh.topology.bank.account_number;
    const empty = (messageId: string, more = "") =>
      `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>${messageId}</MsgId></GrpHdr>` +
      `<Ntfctn><Acct><Id><Othr><Id>${account}</Id></Othr></Id></Acct>${more}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`;
    expect(await send("<Document>")).toMatchObject({ code: 400, body: { code: "BAD_BANK_MESSAGE" } });
    expect(await send(empty("GW-1"))).toMatchObject({ code: 200, body: { code: "OK" } });
    expect(await send(empty("GW-1"))).toMatchObject({ code: 200, body: { code: "OK" } });
    expect(await send(empty("GW-1", "<AddtlNtfctnInf>x</AddtlNtfctnInf>"))).toMatchObject({ code: 403, body: { code: "NOT_BELIEVED" } });
    const forged = await post("bank-client", empty("GW-2"), { signature: await bank.sign(Buffer.from(empty("GW-3")), now()) });
    expect(forged).toMatchObject({ code: 403, body: { code: "NOT_BELIEVED" } });
    // The id that a forger has used is still the bank's.
    expect(await send(empty("GW-2"))).toMatchObject({ code: 200 });
  });
});
