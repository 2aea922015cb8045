import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node", testTimeout: 60_000 } },
      {
        test: {
          name: "simulation",
          // A file has a process to itself, and one world at a time: a failure names its seed, and a second try would have the same.
          pool: "forks",
          include: ["test/simulation/**/*.test.ts"],
          environment: "node",
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "contract",
          // Real engines on a noisy machine: a second try, which the report shows, tells weather from a fault.
          retry: 1,
          include: ["test/contract/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "integration",
          // Real engines on a noisy machine: a second try, which the report shows, tells weather from a fault.
          retry: 1,
          include: ["test/integration/**/*.test.ts"],
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "journey",
          // Real engines on a noisy machine: a second try, which the report shows, tells weather from a fault.
          retry: 1,
          include: ["test/journey/**/*.test.ts"],
          environment: "node",
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: "fault",
          // Real engines on a noisy machine: a second try, which the report shows, tells weather from a fault.
          retry: 1,
          include: ["test/fault/**/*.test.ts"],
          environment: "node",
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      // By itself: a whole mesh on three machines needs what there is of processors.
      { test: { name: "lab", include: ["test/lab/**/*.test.ts"], environment: "node" } },
    ],
  },
});
