import { describe } from "vitest";
import { planted } from "./planted.ts";
import { HOME, pick, set } from "./sample.ts";

const YEAR = "6404240000001701/2011";
const SCHEME = `${HOME}/2011/1`;

describe("3: the benefit year", () => {
  planted(3, [
    {
      what: "a year that counts a refused claim",
      plant: ({ years }) => set(years, YEAR, { usedFen: { YEAR_IP: 672_703n } }),
      breach: /year 6404240000001701\/2011 has used 672703 fen YEAR_IP, its standing claims sum to 602703/,
    },
    {
      what: "a claim that its year forgot",
      plant: ({ years }) => void years.splice(0),
      breach: /has used 0 fen YEAR_IP, its standing claims sum to 602703/,
    },
    {
      what: "a claim under another cap",
      plant: ({ claims }) => Object.assign(pick(claims, "C1").drawn, { caps: [{ code: "YEAR_OP", holder: "6404240000001701" }] }),
      breach: /has used 0 fen YEAR_OP, its standing claims sum to 36193/,
    },
    {
      what: "a household's cap that nobody holds",
      plant: ({ claims }) => Object.assign(pick(claims, "C1").drawn, { caps: [{ code: "FAMILY", holder: "64042400000017" }] }),
      breach: /year 64042400000017\/2011 has used 0 fen FAMILY, its standing claims sum to 36193/,
    },
    {
      what: "what was borne and is not counted",
      plant: ({ years }) => set(years, YEAR, { borneFen: 1n }),
      breach: /has 1 fen borne, its standing claims sum to/,
    },
    {
      what: "a stay too many",
      plant: ({ years }) => set(years, YEAR, { compensatedStays: 6 }),
      breach: /counts 6 compensated stays, there are 5/,
    },
    {
      what: "more than the cap",
      plant: ({ schemes }) =>
        set(schemes, SCHEME, { scheme: { ...pick(schemes, SCHEME).scheme, caps: [{ code: "YEAR_IP", fen: 602_702n }] } }),
      breach: /has used 602703 fen YEAR_IP, the cap is 602702/,
    },
    {
      what: "exactly the cap",
      plant: ({ schemes }) =>
        set(schemes, SCHEME, { scheme: { ...pick(schemes, SCHEME).scheme, caps: [{ code: "YEAR_IP", fen: 602_703n }] } }),
      breach: undefined,
    },
    {
      what: "a scheme without a cap",
      plant: ({ schemes }) => set(schemes, SCHEME, { scheme: { ...pick(schemes, SCHEME).scheme, caps: [] } }),
      breach: undefined,
    },
    {
      what: "an account that paid what no claim says",
      plant: ({ households }) => set(households, "64042400000017", { takenFen: 1n }),
      breach: /the account of 64042400000017 has paid 1 fen, its standing claims say 0/,
    },
    {
      what: "a household that was never told",
      plant: ({ claims, households }) => {
        Object.assign(pick(claims, "C3").drawn, { accountFen: 5n });
        households.splice(0);
      },
      breach: /the account of 64042400000017 has paid 0 fen, its standing claims say 5/,
    },
    {
      what: "an account that paid more than was put into it",
      plant: ({ claims, households }) => {
        Object.assign(pick(claims, "C3").drawn, { accountFen: 3_001n });
        set(households, "64042400000017", { takenFen: 3_001n });
      },
      breach: /has paid 3001 fen, 3000 were put into it/,
    },
    {
      what: "an account that paid all that was put into it",
      plant: ({ claims, households }) => {
        Object.assign(pick(claims, "C3").drawn, { accountFen: 3_000n });
        set(households, "64042400000017", { takenFen: 3_000n });
      },
      breach: undefined,
    },
    {
      what: "a scheme that is not there",
      plant: ({ schemes }) => void schemes.splice(0),
      breach: /computed by scheme 640424\/2011\/1, which is not there/,
    },
  ]);
});
