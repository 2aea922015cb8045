import { beforeEach, describe, expect, test } from "vitest";
import { accounts, counties, type Household, households } from "../../../services/enrollment/domain/documents.ts";
import { enrol } from "../../../services/enrollment/domain/enrol.ts";
import { registerAccount } from "../../../services/enrollment/domain/register-account.ts";
import { newWorld, type World } from "../../harness/decide.ts";
import { H1, H2, household, member, request } from "./people.ts";

let world: World;
const account = { bankCode: "103871000027", accountNumber: "6228480000000017", accountName: "马小山" };
const named = (change: Partial<typeof account> = {}, householdId = H1, county = "640521") =>
  world.run(registerAccount, { county, householdId, account: { ...account, ...change } });

beforeEach(() => {
  world = newWorld();
  world.put(counties.key("640521"), { county: "640521", revision: 1 });
  world.run(enrol, request([household(H1, [member("01", 1), member("02", 2, { name: "丁香" })])]));
});

describe("a household's account", () => {
  test("is told with each change, and once for the same", () => {
    expect(named().told).toMatchObject([{ name: "HouseholdAccountChanged", body: { householdId: H1, version: 1n, account } }]);
    expect(named()).toMatchObject({ result: account, told: [] });
    expect(named({ accountName: "丁香", accountNumber: "6228480000000025" }).told).toMatchObject([{ body: { version: 2n } }]);
    expect(world.get(accounts.key(H1))).toMatchObject({ revision: 2, enteredBy: "test" });
  });

  test("of a household that has ended is in the name of one who was a member: it may still be owed something", () => {
    const stored = world.get(households.key(H1)) as Household;
    const [first] = stored.members;
    if (!first) throw new Error("nobody");
    world.put(households.key(H1), { ...stored, members: stored.members.slice(1), former: [first] });
    expect(named().result).toMatchObject({ code: "NOT_A_MEMBER" });
    world.put(households.key(H1), { ...stored, members: [], former: stored.members });
    expect(named()).toMatchObject({ result: account, told: [{ name: "HouseholdAccountChanged" }] });
    expect(named({ accountName: "王五" }).result).toMatchObject({ code: "NOT_A_MEMBER" });
  });

  test.each([
    ["nobody of the household", { accountName: "王五" }, H1, "640521", "NOT_A_MEMBER"],
    ["a household that is not there", {}, H2, "640521", "UNKNOWN_HOUSEHOLD"],
    ["another county's household", {}, H1, "640424", "UNKNOWN_HOUSEHOLD"],
  ])("is refused for %s", (_, change, householdId, county, code) => {
    expect(named(change, householdId, county).result).toMatchObject({ code });
    expect(world.get(accounts.key(H1))).toBeUndefined();
  });
});
