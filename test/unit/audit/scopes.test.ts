import { describe } from "vitest";
import { planted } from "./planted.ts";

describe("8: scopes", () => {
  planted(8, [
    {
      what: "a document of nobody",
      plant: ({ placements }) => void placements.push({ service: "claims", kind: "years", county: "", documents: 3 }),
      breach: /claims: 3 document\(s\) of years belong to nobody/,
    },
    {
      what: "a document of an unknown county",
      plant: ({ placements }) => void placements.push({ service: "payment", kind: "dues", county: "110101", documents: 1 }),
      breach: /payment: 1 document\(s\) of dues belong to 110101/,
    },
  ]);
});
