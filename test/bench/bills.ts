/** As many valid bills as a bench wants: short stays of enrolled people at hospitals of their own county that are paid at once. No cap is reached, no rule holds one. */
import type { Institution } from "../../proto/generated/nrcms/administration/v1/administration.ts";
import { type Bill, VisitKind } from "../../proto/generated/nrcms/claims/v1/claims.ts";
import type { Region } from "../../services/nrcms/region.ts";
import { addDays } from "../../services/values/days.ts";
import { halfUp } from "../../services/values/money.ts";

/** Stays are two days long and begin on every fourth day of the year before the sample day, so that a person's never overlap. */
const FIRST_DAY = "2011-01-02";
const STAYS_PER_PERSON = 80;
const LINES = 8;

/** Yields bills without end (80 for each member). The same region and prefix give the same bills. */
export function* benchBills(region: Region, prefix: string, from = 0): Generator<Bill> {
  const hospitals = Map.groupBy(
    region.institutions.filter((institution) => institution.paySchedule === "IMMEDIATE" && institution.level === "TOWNSHIP"),
    (institution) => institution.county,
  );
  const items = region.catalogue.filter((item) => item.class === "A" && item.lowestLevel === "VILLAGE" && item.priceLimitFen > 0n);
  const members = region.households.flatMap(({ county, households }) =>
    hospitals.has(county)
      ? households.flatMap((household) =>
          household.members.map((member) => ({ county, personId: `${household.householdId}${member.memberNo}` })),
        )
      : [],
  );
  for (let serial = from; serial < members.length * STAYS_PER_PERSON; serial += 1) {
    const member = members[(serial * 7919) % members.length];
    const round = Math.floor(serial / members.length);
    if (!member) return;
    const choices = hospitals.get(member.county) as readonly Institution[];
    const hospital = choices[serial % choices.length] as Institution;
    const admittedOn = addDays(FIRST_DAY, round * 4);
    const lines = Array.from({ length: LINES }, (_, index) => {
      const item = items[(serial + index * 31) % items.length];
      const quantityE4 = 200_000n;
      const unitPriceFen = item?.priceLimitFen ?? 100n;
      return {
        itemCode: item?.itemCode ?? "",
        day: addDays(admittedOn, index % 2),
        quantityE4,
        unitPriceFen,
        billedFen: halfUp(quantityE4 * unitPriceFen, 10_000n),
      };
    });
    yield {
      claimId: `${prefix}-${serial.toString(36).padStart(6, "0")}`,
      institutionId: hospital.institutionId,
      personId: member.personId,
      visitKind: VisitKind.INPATIENT,
      diagnosis: "J18.9",
      admittedOn,
      dischargedOn: addDays(admittedOn, 1),
      invoiceNumber: `${prefix}${serial}`,
      referralId: "",
      tcm: false,
      procedures: [],
      newborn: 0,
      lines,
      totalFen: lines.reduce((sum, line) => sum + line.billedFen, 0n),
    };
  }
}
