/**
 * Charts as data: the form in which a figure is handed to whoever draws it (the portal, a spreadsheet, a notebook). Plain JSON, no code and no style in it.
 *
 *     { "form": "nrcms-series/1", "charts": [ {
 *         "id": "cost-by-month", "kind": "line", "unit": "fen",
 *         "title": { "zh": "累计支出", "en": "cost until the month" },
 *         "x": { "label": { "zh": "月", "en": "month" }, "values": ["2011-01", "2011-02"] },
 *         "series": [ { "id": "DRAFT", "name": { "zh": "草案", "en": "draft" }, "values": [1200000, null] } ]
 *     } ] }
 *
 * Each series has as many values as x has; a value is a whole number in the chart's unit, or null where there is none. Amounts beyond 2^53 fen (90 trillion yuan) do not occur.
 */

/** A title or name in both languages. */
export interface Label {
  readonly zh: string;
  readonly en: string;
}

export type SeriesUnit = "fen" | "bp" | "count";

export interface Chart {
  /** Unique in its document: letters, digits and `-`. */
  readonly id: string;
  /** `line`: over time. `bar`: one bar for each series at each x. `stacked`: the series of one x add up. */
  readonly kind: "line" | "bar" | "stacked";
  readonly unit: SeriesUnit;
  readonly title: Label;
  readonly x: { readonly label: Label; readonly values: readonly string[] };
  readonly series: readonly Series[];
}

export interface Series {
  readonly id: string;
  readonly name: Label;
  readonly values: readonly (number | null)[];
}

export interface SeriesDocument {
  readonly form: "nrcms-series/1";
  readonly charts: readonly Chart[];
}

/** Throws where a series is not as long as its chart's x, or a value is not a whole number. */
export function seriesDocument(charts: readonly Chart[]): SeriesDocument {
  for (const { id, x, series } of charts)
    for (const one of series) {
      if (one.values.length !== x.values.length)
        throw new Error(`chart ${id}: series ${one.id} has ${one.values.length} values for ${x.values.length}`);
      if (one.values.some((value) => value !== null && !Number.isSafeInteger(value)))
        throw new Error(`chart ${id}: series ${one.id} has a value that is no whole number`);
    }
  return { form: "nrcms-series/1", charts };
}
