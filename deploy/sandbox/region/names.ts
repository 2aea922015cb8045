/** What people are called: Han and Hui families by surname and generation, a few Uyghur families, a few characters that old software cannot store. */
import type { Random } from "./random.ts";
import type { SourceNames } from "./sources.ts";

export type People = "HAN" | "HUI" | "UYGHUR";
export type Sex = "FEMALE" | "MALE";

/** The first year of the second and the third generation of given names (source/names.yaml). */
const GENERATIONS = [1965, 1990];
const RARE_BP = 60;
const DOT = "·";

export interface Family {
  readonly people: People;
  /** A child of this house: the house's surname, or the father's first name after the dot. */
  child(sex: Sex, bornIn: number): string;
  /** Someone who married in: a surname of one's own. */
  spouse(sex: Sex, bornIn: number): string;
}

/** The names of one household. The rare characters come as the last character of a given name. */
export function family(names: SourceNames, random: Random, people: People): Family {
  const generation = (bornIn: number) => GENERATIONS.filter((year) => bornIn >= year).length;
  const rarely = (given: string) =>
    random.chance(RARE_BP) ? `${given.length > 1 ? [...given].slice(0, -1).join("") : given}${random.pick(names.rare)}` : given;
  if (people === "UYGHUR") {
    const father = random.pick(names.uyghur_male);
    const person = (sex: Sex, second: string) => {
      const firsts = sex === "MALE" ? names.uyghur_male : names.uyghur_female;
      return random.pick(firsts.filter((name) => name !== second)) + DOT + second;
    };
    return { people, child: (sex) => person(sex, father), spouse: (sex) => person(sex, random.pick(names.uyghur_male)) };
  }
  const surnames = Object.entries(people === "HUI" ? names.hui_surnames : names.han_surnames);
  const surname = () => random.weighted(surnames, ([, weight]) => weight)[0];
  const lists = people === "HUI" ? { MALE: names.hui_male, FEMALE: names.hui_female } : { MALE: names.han_male, FEMALE: names.han_female };
  const given = (sex: Sex, bornIn: number) => rarely(random.pick(lists[sex][generation(bornIn)] ?? []));
  const house = surname();
  return { people, child: (sex, bornIn) => house + given(sex, bornIn), spouse: (sex, bornIn) => surname() + given(sex, bornIn) };
}
