/** The second half of the seeds, beside the first. */
import { describe } from "vitest";
import { seedsHold } from "./hold.ts";

describe("the mesh in virtual time", () => {
  seedsHold(101, 200);
});
