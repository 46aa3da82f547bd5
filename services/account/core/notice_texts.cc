#include "services/account/core/notice_texts.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace perennial::account::core {
namespace {

NoticeText English(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kRenewalUpcoming:
      return {"“{product}” renews soon",
              {"“{product}” is paid until {expiry} and renews by itself.", "We will charge {amount}.",
               "You can switch auto-renew off at any time in your account."}};
    case NoticeKind::kRenewalSucceeded:
      return {"“{product}” is renewed",
              {"Thank you: “{product}” is renewed.", "We charged {amount}.", "It is now paid until {expiry}.",
               "You find the invoice in your account."}};
    case NoticeKind::kRenewalFailed:
      return {"The payment for “{product}” failed",
              {"We could not renew “{product}”: {reason}.", "The amount is {amount}.",
               "We will try again on {next_attempt}.",
               "To renew at once, add another payment method in your account.",
               "Without a payment the product ends on {ends}.",
               "It has been inactive since {ended}; once paid, it comes back."}};
    case NoticeKind::kRenewalNoPaymentMethod:
      return {"“{product}” cannot renew: no payment method",
              {"“{product}” should renew, but your account has no payment method.", "The amount is {amount}.",
               "Add one, and we will renew at once.", "Without a payment the product ends on {ends}.",
               "It has been inactive since {ended}; once paid, it comes back."}};
    case NoticeKind::kRenewalActionRequired:
      return {"Please confirm the payment for “{product}”",
              {"Your bank asks you to confirm the payment for “{product}”.", "The amount is {amount}.",
               "Please sign in and confirm it.", "Without it the product ends on {ends}.",
               "It has been inactive since {ended}; once paid, it comes back."}};
    case NoticeKind::kExpiringInAMonth:
      return {"“{product}” ends in about a month",
              {"“{product}” ends on {expiry}.",
               "It does not renew by itself: to keep it, renew it or switch auto-renew on in your "
               "account.{if_no_auto_renew}",
               "Its renewal has not been paid yet: please see to your payment methods.{if_auto_renew}"}};
    case NoticeKind::kExpiringInAWeek:
      return {"“{product}” ends in about a week",
              {"“{product}” ends on {expiry}.",
               "It does not renew by itself: to keep it, renew it or switch auto-renew on in your "
               "account.{if_no_auto_renew}",
               "Its renewal has not been paid yet: please see to your payment methods.{if_auto_renew}"}};
    case NoticeKind::kExpired:
      return {"“{product}” has ended",
              {"“{product}” has ended and is no longer active.", "It was paid until {expiry}.",
               "For a while you can still renew it in your account; the new term begins where the old one "
               "ended."}};
    case NoticeKind::kEnding:
      return {"Last chance to keep “{product}”",
              {"“{product}” has ended and is no longer active.",
               "Renew it in your account before {until}: after that it is gone for good.{if_no_domain}",
               "Renew it in your account before {until}: after that it can only be restored, which costs "
               "more, and somebody else may get it in the end.{if_domain}"}};
    case NoticeKind::kOrderRefunded:
      return {"We refund your payment for “{product}”",
              {"We could not deliver “{product}”.", "We give back {amount}.",
               "The money goes back to the payment method you paid with; that can take a few days."}};
  }
  return {};
}

NoticeText French(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kRenewalUpcoming:
      return {"« {product} » sera bientôt renouvelé",
              {"« {product} » est payé jusqu’au {expiry} et se renouvelle automatiquement.",
               "Nous prélèverons {amount}.",
               "Vous pouvez désactiver le renouvellement automatique à tout moment dans votre compte."}};
    case NoticeKind::kRenewalSucceeded:
      return {"Le renouvellement de « {product} » est fait",
              {"Merci : le renouvellement de « {product} » est fait.", "Nous avons prélevé {amount}.",
               "La nouvelle échéance est le {expiry}.", "La facture se trouve dans votre compte."}};
    case NoticeKind::kRenewalFailed:
      return {"Le paiement pour « {product} » a échoué",
              {"Nous n’avons pas pu renouveler « {product} » : {reason}.", "Le montant est de {amount}.",
               "Nous réessaierons le {next_attempt}.",
               "Pour renouveler tout de suite, ajoutez un autre moyen de paiement dans votre compte.",
               "Sans paiement, le produit prendra fin le {ends}.",
               "Il est inactif depuis le {ended} ; une fois payé, il sera rétabli."}};
    case NoticeKind::kRenewalNoPaymentMethod:
      return {"« {product} » ne peut pas être renouvelé : aucun moyen de paiement",
              {"« {product} » doit être renouvelé, mais votre compte n’a aucun moyen de paiement.",
               "Le montant est de {amount}.", "Ajoutez-en un et nous renouvellerons aussitôt.",
               "Sans paiement, le produit prendra fin le {ends}.",
               "Il est inactif depuis le {ended} ; une fois payé, il sera rétabli."}};
    case NoticeKind::kRenewalActionRequired:
      return {"Confirmez le paiement pour « {product} »",
              {"Votre banque vous demande de confirmer le paiement pour « {product} ».",
               "Le montant est de {amount}.", "Connectez-vous pour le confirmer.",
               "Sans confirmation, le produit prendra fin le {ends}.",
               "Il est inactif depuis le {ended} ; une fois payé, il sera rétabli."}};
    case NoticeKind::kExpiringInAMonth:
      return {"« {product} » prend fin dans un mois environ",
              {"« {product} » prend fin le {expiry}.",
               "Il ne se renouvelle pas automatiquement : pour le garder, renouvelez-le ou activez le "
               "renouvellement automatique dans votre compte.{if_no_auto_renew}",
               "Son renouvellement n’est pas encore payé : vérifiez vos moyens de paiement.{if_auto_renew}"}};
    case NoticeKind::kExpiringInAWeek:
      return {"« {product} » prend fin dans une semaine environ",
              {"« {product} » prend fin le {expiry}.",
               "Il ne se renouvelle pas automatiquement : pour le garder, renouvelez-le ou activez le "
               "renouvellement automatique dans votre compte.{if_no_auto_renew}",
               "Son renouvellement n’est pas encore payé : vérifiez vos moyens de paiement.{if_auto_renew}"}};
    case NoticeKind::kExpired:
      return {"« {product} » a pris fin",
              {"« {product} » a pris fin et n’est plus actif.", "L’échéance était le {expiry}.",
               "Pendant un certain temps, vous pouvez encore le renouveler dans votre compte ; la nouvelle "
               "période "
               "commence à la fin de l’ancienne."}};
    case NoticeKind::kEnding:
      return {"Dernière chance de garder « {product} »",
              {"« {product} » a pris fin et n’est plus actif.",
               "Renouvelez-le dans votre compte avant le {until} : ensuite, il sera perdu pour de "
               "bon.{if_no_domain}",
               "Renouvelez-le dans votre compte avant le {until} : ensuite, il faudra le restaurer, ce qui "
               "coûte plus cher, et quelqu’un d’autre pourra finir par l’obtenir.{if_domain}"}};
    case NoticeKind::kOrderRefunded:
      return {"Nous remboursons votre paiement pour « {product} »",
              {"Nous n’avons pas pu livrer « {product} ».", "Nous vous remboursons {amount}.",
               "La somme est reversée sur le moyen de paiement utilisé ; cela peut prendre quelques jours."}};
  }
  return {};
}

std::vector<NoticeText> AllTexts(NoticeText (*text)(NoticeKind)) {
  std::vector<NoticeText> texts;
  texts.reserve(kAllNoticeKinds.size());
  for (NoticeKind kind : kAllNoticeKinds) texts.push_back(text(kind));
  return texts;
}

constexpr std::array<absl::string_view, 12> kEnglishMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<absl::string_view, 12> kFrenchMonths = {"janvier",   "février", "mars",     "avril",
                                                             "mai",       "juin",    "juillet",  "août",
                                                             "septembre", "octobre", "novembre", "décembre"};

struct Phrase {
  absl::string_view code;
  absl::string_view english;
  absl::string_view french;
};

// The first is for every other code.
constexpr std::array kReasons = {
    Phrase{"", "the payment was declined", "le paiement a été refusé"},
    Phrase{"insufficient_funds", "the account behind the card does not hold enough",
           "le solde du compte de la carte ne suffit pas"},
    Phrase{"expired_card", "the card has expired", "la carte a expiré"},
    Phrase{"authentication_required", "your bank wants you to confirm the payment yourself",
           "votre banque vous demande de confirmer le paiement vous-même"},
};
constexpr std::array kProductKinds = {
    Phrase{"", "your product", "votre produit"},
    Phrase{"plan", "Premium plan", "Formule premium"},
    Phrase{"domain", "Domain", "Nom de domaine"},
    Phrase{"mailbox", "Mailbox", "Boîte e-mail"},
};

template <size_t N>
absl::string_view Find(const std::array<Phrase, N>& phrases, absl::string_view code, Language language) {
  const Phrase* found = &phrases[0];
  for (const Phrase& phrase : phrases) {
    if (phrase.code == code) found = &phrase;
  }
  return language == Language::kFrench ? found->french : found->english;
}

}  // namespace

const NoticeText& TextOf(NoticeKind kind, Language language) {
  static const auto* const english = new std::vector<NoticeText>(AllTexts(English));
  static const auto* const french = new std::vector<NoticeText>(AllTexts(French));
  const auto& texts = language == Language::kFrench ? *french : *english;
  size_t index = 0;
  while (kAllNoticeKinds[index] != kind) ++index;
  return texts[index];
}

const NoticeFrame& FrameOf(Language language) {
  static constexpr NoticeFrame kEnglish = {"Hello {name},", "Hello,", "Your Perennial team"};
  static constexpr NoticeFrame kFrench = {"Bonjour {name},", "Bonjour,", "L’équipe Perennial"};
  return language == Language::kFrench ? kFrench : kEnglish;
}

std::string DateInWords(CivilDate date, Language language) {
  const auto& months = language == Language::kFrench ? kFrenchMonths : kEnglishMonths;
  const absl::string_view ordinal = language == Language::kFrench && date.day() == 1 ? "er" : "";
  return absl::StrCat(date.day(), ordinal, " ", months[date.month() - 1], " ", date.year());
}

std::string AmountInWords(const Money& amount, Language language) {
  std::string english = FormatMoney(amount);  // "EUR 12.34"
  if (language == Language::kEnglish) return english;
  const absl::string_view number = absl::string_view(english).substr(amount.currency.size() + 1);
  return absl::StrCat(absl::StrReplaceAll(number, {{".", ","}}), " ", amount.currency);
}

absl::string_view ReasonInWords(absl::string_view decline_code, Language language) {
  return Find(kReasons, decline_code, language);
}

absl::string_view ProductKindInWords(absl::string_view product_kind, Language language) {
  return Find(kProductKinds, product_kind, language);
}

}  // namespace perennial::account::core
