import com.google.gson.Gson;
import com.prowidesoftware.swift.model.mx.MxCamt02900110;
import com.prowidesoftware.swift.model.mx.MxCamt05300108;
import com.prowidesoftware.swift.model.mx.MxCamt05400108;
import com.prowidesoftware.swift.model.mx.MxCamt05600109;
import com.prowidesoftware.swift.model.mx.MxPain00100109;
import com.prowidesoftware.swift.model.mx.MxPain00200112;
import com.prowidesoftware.swift.model.mx.dic.ActiveOrHistoricCurrencyAndAmount;
import com.prowidesoftware.swift.model.mx.dic.CreditDebitCode;
import com.prowidesoftware.swift.model.mx.dic.DateAndDateTime2Choice;
import com.prowidesoftware.swift.model.mx.dic.EntryTransaction10;
import com.prowidesoftware.swift.model.mx.dic.ReportEntry10;
import com.prowidesoftware.swift.model.mx.dic.StatusReasonInformation12;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads ISO 20022 documents with pw-iso20022, which never saw our code, and says what it found: one JSON line for each file named.
 * Amounts come out in whole fen, days are those of Asia/Shanghai. Nothing here knows what we expect.
 */
public final class Read {
  private static final Pattern NAMESPACE = Pattern.compile("xmlns=\"urn:iso:std:iso:20022:tech:xsd:([a-z]+\\.\\d+)");

  private record Reading(String id, Map<String, String> head, List<Map<String, String>> rows) {}

  public static void main(String[] names) throws Exception {
    Gson gson = new Gson();
    for (String name : names) System.out.println(gson.toJson(read(Files.readString(Path.of(name)))));
  }

  private static Reading read(String xml) {
    Matcher found = NAMESPACE.matcher(xml);
    if (!found.find()) throw new IllegalArgumentException("no message's namespace");
    return switch (found.group(1)) {
      case "pain.001" -> paymentFile(MxPain00100109.parse(xml));
      case "pain.002" -> statusReport(MxPain00200112.parse(xml));
      case "camt.054" -> notification(MxCamt05400108.parse(xml));
      case "camt.053" -> statement(MxCamt05300108.parse(xml));
      case "camt.056" -> cancellation(MxCamt05600109.parse(xml));
      case "camt.029" -> resolution(MxCamt02900110.parse(xml));
      default -> throw new IllegalArgumentException(found.group(1) + " is not known here");
    };
  }

  private static Reading paymentFile(MxPain00100109 document) {
    var message = document.getCstmrCdtTrfInitn();
    var header = message.getGrpHdr();
    var payment = single(message.getPmtInf());
    if (!payment.getNbOfTxs().equals(header.getNbOfTxs()) || payment.getCtrlSum().compareTo(header.getCtrlSum()) != 0)
      throw new IllegalStateException("the header's totals are not the payment information's");
    Map<String, String> head = fields(
        "count", header.getNbOfTxs(),
        "sumFen", fen(header.getCtrlSum()),
        "account", payment.getDbtrAcct().getId().getOthr().getId(),
        "day", day(payment.getReqdExctnDt()));
    List<Map<String, String>> rows = new ArrayList<>();
    for (var one : payment.getCdtTrfTxInf())
      rows.add(fields(
          "orderId", one.getPmtId().getInstrId(),
          "endToEndId", one.getPmtId().getEndToEndId(),
          "amountFen", fen(one.getAmt().getInstdAmt()),
          "account", one.getCdtrAcct().getId().getOthr().getId(),
          "bank", one.getCdtrAgt().getFinInstnId().getClrSysMmbId().getMmbId(),
          "name", one.getCdtr().getNm()));
    return new Reading(header.getMsgId(), head, rows);
  }

  private static Reading statusReport(MxPain00200112 document) {
    var message = document.getCstmrPmtStsRpt();
    var group = message.getOrgnlGrpInfAndSts();
    Map<String, String> head =
        fields("of", group.getOrgnlMsgId(), "status", group.getGrpSts(), "reason", reason(group.getStsRsnInf()));
    List<Map<String, String>> rows = new ArrayList<>();
    for (var payment : message.getOrgnlPmtInfAndSts())
      for (var one : payment.getTxInfAndSts()) {
        var settled = one.getOrgnlTxRef().getIntrBkSttlmDt();
        rows.add(fields(
            "endToEndId", one.getOrgnlEndToEndId(),
            "status", one.getTxSts(),
            "reason", reason(one.getStsRsnInf()),
            "amountFen", fen(one.getOrgnlTxRef().getAmt().getInstdAmt()),
            "on", settled == null ? "" : settled.toString()));
      }
    return new Reading(message.getGrpHdr().getMsgId(), head, rows);
  }

  private static Reading notification(MxCamt05400108 document) {
    var message = document.getBkToCstmrDbtCdtNtfctn();
    List<Map<String, String>> rows = new ArrayList<>();
    for (var part : message.getNtfctn())
      each(part.getNtry(), (entry, one) -> rows.add(fields(
          "endToEndId", one.getRefs().getEndToEndId(),
          "says", entry.getCdtDbtInd() == CreditDebitCode.CRDT ? "RETURNED" : "SETTLED",
          "reason", returned(one),
          "on", day(entry.getBookgDt()),
          "amountFen", fen(one.getAmt()))));
    return new Reading(message.getGrpHdr().getMsgId(), Map.of(), rows);
  }

  private static Reading statement(MxCamt05300108 document) {
    var message = document.getBkToCstmrStmt();
    var part = single(message.getStmt());
    Map<String, String> head = new LinkedHashMap<>();
    for (var balance : part.getBal()) {
      String sign = balance.getCdtDbtInd() == CreditDebitCode.CRDT ? "" : "-";
      String code = balance.getTp().getCdOrPrtry().getCd();
      head.put(code.equals("OPBD") ? "openingFen" : code.equals("CLBD") ? "closingFen" : code, sign + fen(balance.getAmt()));
      if (code.equals("CLBD")) head.put("day", day(balance.getDt()));
    }
    List<Map<String, String>> rows = new ArrayList<>();
    each(part.getNtry(), (entry, one) -> rows.add(fields(
        "endToEndId", one.getRefs().getEndToEndId(),
        "direction", entry.getCdtDbtInd() == CreditDebitCode.CRDT ? "CREDIT" : "DEBIT",
        "amountFen", fen(one.getAmt()),
        "returned", String.valueOf(one.getRtrInf() != null),
        "reason", returned(one))));
    return new Reading(message.getGrpHdr().getMsgId(), head, rows);
  }

  private static Reading cancellation(MxCamt05600109 document) {
    var message = document.getFIToFIPmtCxlReq();
    var one = single(single(message.getUndrlyg()).getTxInf());
    return new Reading(message.getAssgnmt().getId(), Map.of(), List.of(fields(
        "endToEndId", one.getOrgnlEndToEndId(),
        "orderId", one.getOrgnlInstrId(),
        "batch", one.getOrgnlGrpInf().getOrgnlMsgId(),
        "amountFen", fen(one.getOrgnlIntrBkSttlmAmt().getValue()),
        "why", single(single(one.getCxlRsnInf()).getAddtlInf()))));
  }

  private static Reading resolution(MxCamt02900110 document) {
    var message = document.getRsltnOfInvstgtn();
    var one = single(single(message.getCxlDtls()).getTxInfAndSts());
    var why = one.getCxlStsRsnInf();
    return new Reading(message.getAssgnmt().getId(), Map.of(), List.of(fields(
        "caseId", one.getCxlStsId(),
        "endToEndId", one.getOrgnlEndToEndId(),
        "says", message.getSts().getConf().equals("CNCL") ? "GRANTED" : "REFUSED",
        "reason", why.isEmpty() ? "" : why.get(0).getRsn().getCd())));
  }

  /** Every transaction of every booked entry, with the entry that it belongs to. */
  private static void each(List<ReportEntry10> entries, BiConsumer<ReportEntry10, EntryTransaction10> use) {
    for (var entry : entries) {
      if (!"BOOK".equals(entry.getSts().getCd())) throw new IllegalStateException("an entry that is not booked");
      BigDecimal total = BigDecimal.ZERO;
      for (var details : entry.getNtryDtls())
        for (var one : details.getTxDtls()) {
          total = total.add(one.getAmt().getValue());
          use.accept(entry, one);
        }
      if (total.compareTo(entry.getAmt().getValue()) != 0) throw new IllegalStateException("an entry is not the sum of its transactions");
    }
  }

  private static String returned(EntryTransaction10 one) {
    return one.getRtrInf() == null ? "" : one.getRtrInf().getRsn().getCd();
  }

  /** The code of the first reason. */
  private static String reason(List<StatusReasonInformation12> information) {
    if (information.isEmpty() || information.get(0).getRsn() == null) return "";
    var reason = information.get(0).getRsn();
    return reason.getCd() != null ? reason.getCd() : reason.getPrtry();
  }

  private static String day(DateAndDateTime2Choice date) {
    if (date.getDt() != null) return date.getDt().toString();
    return date.getDtTm().atZoneSameInstant(ZoneId.of("Asia/Shanghai")).toLocalDate().toString();
  }

  private static String fen(ActiveOrHistoricCurrencyAndAmount amount) {
    if (!"CNY".equals(amount.getCcy())) throw new IllegalArgumentException(amount.getCcy() + " is not CNY");
    return fen(amount.getValue());
  }

  private static String fen(BigDecimal yuan) {
    return yuan.movePointRight(2).toBigIntegerExact().toString();
  }

  private static <T> T single(List<T> list) {
    if (list.size() != 1) throw new IllegalStateException("not one but " + list.size());
    return list.get(0);
  }

  private static Map<String, String> fields(String... pairs) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int at = 0; at < pairs.length; at += 2) map.put(pairs[at], pairs[at + 1]);
    return map;
  }
}
