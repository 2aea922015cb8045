/** A catalogue at the door: whether every field is one. */
import type { CatalogueItem } from "../../benefit/scheme.ts";
import { isLevel } from "../../benefit/words.ts";
import type { Refusal } from "../../values/outcome.ts";
import { badDiagnosis } from "./bill-form.ts";
import { badCode, badCount, badFen, badId, badText, missing } from "./fields.ts";

/** An item as the contract has it: the level may be none. */
export type ItemForm = Omit<CatalogueItem, "lowestLevel"> & { readonly lowestLevel: string };

const MAX_NAME = 100;
const MAX_ITEMS = 5000;
const MAX_DIAGNOSES = 40_000;

export function catalogueFormFault(
  catalogueVersion: string,
  items: readonly ItemForm[],
  diagnoses: readonly string[] = [],
): Refusal | undefined {
  const fault =
    badId("catalogue_version", catalogueVersion) ??
    badCount("items", items.length, 1, MAX_ITEMS) ??
    badCount("diagnoses", diagnoses.length, 0, MAX_DIAGNOSES);
  if (fault) return fault;
  for (const [index, code] of diagnoses.entries()) {
    const found = badDiagnosis(`diagnoses[${index}]`, code);
    if (found) return found;
  }
  for (const [index, item] of items.entries()) {
    const found = badItem(item, index);
    if (found) return found;
  }
  return undefined;
}

/** Items that passed `catalogueFormFault`. */
export function itemsFrom(items: readonly ItemForm[]): CatalogueItem[] {
  return items.flatMap(({ lowestLevel, ...item }) => (isLevel(lowestLevel) ? [{ ...item, lowestLevel }] : []));
}

function badItem(item: ItemForm, index: number): Refusal | undefined {
  const field = `items[${index}]`;
  return (
    badCode(`${field}.item_code`, item.itemCode) ??
    badText(`${field}.name`, item.name, MAX_NAME) ??
    badCode(`${field}.class`, item.class) ??
    badFen(`${field}.price_limit_fen`, item.priceLimitFen) ??
    (isLevel(item.lowestLevel) ? undefined : missing(`${field}.lowest_level`))
  );
}
