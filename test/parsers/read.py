"""Reads ISO 20022 documents with pyiso20022, which never saw our code, and says what it found: one JSON line for each file named.

Amounts come out in whole fen, days as they are written. Nothing here knows what we expect.
"""
import importlib
import json
import re
import sys
from decimal import Decimal

from xsdata.formats.dataclass.parsers import XmlParser


def document_class(text):
    """The generated class of the message that the document's namespace names."""
    name = re.search(r'xmlns="urn:iso:std:iso:20022:tech:xsd:([a-z]+)\.(\d+)\.(\d+)\.(\d+)"', text)
    family, *numbers = name.groups()
    module = "_".join([family, *numbers])
    return family + "." + numbers[0], importlib.import_module(f"pyiso20022.{family}.{module}.{module}").Document


def fen(amount):
    """An amount in CNY as a whole number of fen."""
    if amount is None:
        return ""
    value = amount if isinstance(amount, Decimal) else amount.value
    if not isinstance(amount, Decimal) and amount.ccy != "CNY":
        raise ValueError(f"{amount.ccy} is not CNY")
    hundredfold = Decimal(value) * 100
    if hundredfold != hundredfold.to_integral_value():
        raise ValueError(f"{value} is no whole number of fen")
    return str(int(hundredfold))


def word(code):
    """An enumeration's value, or the text itself."""
    return "" if code is None else str(getattr(code, "value", code))


def day(date):
    """A choice of Dt and DtTm, or a date by itself."""
    if date is None:
        return ""
    text = getattr(date, "dt", date)
    if text is None:
        text = date.dt_tm
    return str(text)[:10]


def reason(information):
    """The code of the first reason."""
    if not information or information[0].rsn is None:
        return ""
    return word(information[0].rsn.cd or information[0].rsn.prtry)


def payment_file(document):
    message = document.cstmr_cdt_trf_initn
    (payment,) = message.pmt_inf
    assert payment.nb_of_txs == message.grp_hdr.nb_of_txs and payment.ctrl_sum == message.grp_hdr.ctrl_sum
    head = {
        "count": message.grp_hdr.nb_of_txs,
        "sumFen": fen(message.grp_hdr.ctrl_sum),
        "account": payment.dbtr_acct.id.othr.id,
        "day": day(payment.reqd_exctn_dt),
    }
    rows = [
        {
            "orderId": one.pmt_id.instr_id,
            "endToEndId": one.pmt_id.end_to_end_id,
            "amountFen": fen(one.amt.instd_amt),
            "account": one.cdtr_acct.id.othr.id,
            "bank": one.cdtr_agt.fin_instn_id.clr_sys_mmb_id.mmb_id,
            "name": one.cdtr.nm,
        }
        for one in payment.cdt_trf_tx_inf
    ]
    return message.grp_hdr.msg_id, head, rows


def status_report(document):
    message = document.cstmr_pmt_sts_rpt
    group = message.orgnl_grp_inf_and_sts
    head = {"of": group.orgnl_msg_id, "status": word(group.grp_sts), "reason": reason(group.sts_rsn_inf)}
    rows = []
    for payment in message.orgnl_pmt_inf_and_sts:
        for one in payment.tx_inf_and_sts:
            reference = one.orgnl_tx_ref
            rows.append(
                {
                    "endToEndId": one.orgnl_end_to_end_id,
                    "status": word(one.tx_sts),
                    "reason": reason(one.sts_rsn_inf),
                    "amountFen": fen(reference.amt.instd_amt),
                    "on": day(reference.intr_bk_sttlm_dt),
                }
            )
    return message.grp_hdr.msg_id, head, rows


def entries(parent):
    """Every transaction of every booked entry, with the entry that it belongs to."""
    for entry in parent.ntry:
        assert word(entry.sts.cd) == "BOOK"
        transactions = [one for details in entry.ntry_dtls for one in details.tx_dtls]
        assert sum((one.amt.value for one in transactions), Decimal(0)) == entry.amt.value
        for one in transactions:
            yield entry, one


def returned(one):
    return "" if one.rtr_inf is None else word(one.rtr_inf.rsn.cd)


def notification(document):
    message = document.bk_to_cstmr_dbt_cdt_ntfctn
    rows = [
        {
            "endToEndId": one.refs.end_to_end_id,
            "says": "RETURNED" if word(entry.cdt_dbt_ind) == "CRDT" else "SETTLED",
            "reason": returned(one),
            "on": day(entry.bookg_dt),
            "amountFen": fen(one.amt),
        }
        for part in message.ntfctn
        for entry, one in entries(part)
    ]
    return message.grp_hdr.msg_id, {}, rows


def statement(document):
    message = document.bk_to_cstmr_stmt
    (part,) = message.stmt
    balances = {word(one.tp.cd_or_prtry.cd): one for one in part.bal}
    signed = {code: fen(one.amt) if word(one.cdt_dbt_ind) == "CRDT" else "-" + fen(one.amt) for code, one in balances.items()}
    head = {"day": day(balances["CLBD"].dt), "openingFen": signed["OPBD"], "closingFen": signed["CLBD"]}
    rows = [
        {
            "endToEndId": one.refs.end_to_end_id,
            "direction": "CREDIT" if word(entry.cdt_dbt_ind) == "CRDT" else "DEBIT",
            "amountFen": fen(one.amt),
            "returned": "true" if one.rtr_inf is not None else "false",
            "reason": returned(one),
        }
        for entry, one in entries(part)
    ]
    return message.grp_hdr.msg_id, head, rows


def cancellation(document):
    message = document.fito_fipmt_cxl_req
    (underlying,) = message.undrlyg
    (one,) = underlying.tx_inf
    row = {
        "endToEndId": one.orgnl_end_to_end_id,
        "orderId": one.orgnl_instr_id,
        "batch": one.orgnl_grp_inf.orgnl_msg_id,
        "amountFen": fen(one.orgnl_intr_bk_sttlm_amt),
        "why": one.cxl_rsn_inf[0].addtl_inf[0],
    }
    return message.assgnmt.id, {}, [row]


def resolution(document):
    message = document.rsltn_of_invstgtn
    (details,) = message.cxl_dtls
    (one,) = details.tx_inf_and_sts
    says = {"CNCL": "GRANTED", "RJCR": "REFUSED"}[word(message.sts.conf)]
    row = {"caseId": one.cxl_sts_id, "endToEndId": one.orgnl_end_to_end_id, "says": says, "reason": reason(one.cxl_sts_rsn_inf)}
    return message.assgnmt.id, {}, [row]


READERS = {
    "pain.001": payment_file,
    "pain.002": status_report,
    "camt.054": notification,
    "camt.053": statement,
    "camt.056": cancellation,
    "camt.029": resolution,
}


def main():
    if sys.version_info < (3, 10):
        sys.exit("python3 is %d.%d; pyiso20022 needs 3.10 or newer" % sys.version_info[:2])
    parser = XmlParser()
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        kind, wanted = document_class(text)
        identity, head, rows = READERS[kind](parser.from_string(text, wanted))
        print(json.dumps({"id": identity, "head": head, "rows": rows}))


main()
