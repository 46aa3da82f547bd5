#include "libs/rpc/error_texts.h"

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace perennial::rpc {
namespace {

constexpr absl::string_view kEnglish = "en";
constexpr absl::string_view kFrench = "fr";

struct ErrorText {
  absl::string_view reason;  // of perennial.type.ErrorReason
  absl::string_view english;
  absl::string_view french;
};

constexpr ErrorText kCallTexts[] = {
    // Who is calling.
    {"ACCESS_TOKEN_MISSING", "Please sign in.", "Veuillez vous connecter."},
    {"ACCESS_TOKEN_INVALID", "Please sign in again.", "Veuillez vous reconnecter."},
    {"ACCESS_TOKEN_EXPIRED", "Please sign in again.", "Veuillez vous reconnecter."},

    // The request, and the service.
    {"REQUEST_INVALID", "Some of what you entered is not valid. Please correct it.",
     "Une partie de votre saisie n’est pas valide. Veuillez la corriger."},
    {"REQUEST_TOO_LARGE", "That is more than we can take at once. Please send less.",
     "C’est plus que ce que nous pouvons traiter en une fois. Veuillez réduire votre envoi."},
    {"REQUEST_IN_PROGRESS", "We are already working on it. Please look again in a moment.",
     "Votre demande est déjà en cours. Veuillez revenir dans un instant."},
    {"ETAG_MISMATCH", "This was changed elsewhere meanwhile. Please look at it again.",
     "Ces données ont été modifiées entre-temps. Veuillez les relire."},
    {"DEADLINE_PASSED", "This is taking longer than it should. Please try again.",
     "L’opération prend trop de temps. Veuillez réessayer."},
    {"OVERLOADED", "We are very busy. Please try again in a moment.",
     "Nous sommes très sollicités. Veuillez réessayer dans un instant."},
    {"SERVICE_UNAVAILABLE", "A part of our system cannot be reached. Please try again later.",
     "Une partie de notre système est injoignable. Veuillez réessayer plus tard."},
    {"INTERNAL_ERROR", "Something went wrong on our side. Please try again later.",
     "Une erreur s’est produite de notre côté. Veuillez réessayer plus tard."},

    // What is not there.
    {"ACCOUNT_NOT_FOUND", "We cannot find this account.", "Ce compte est introuvable."},
    {"SESSION_NOT_FOUND", "We cannot find this session.", "Cette session est introuvable."},
    {"NOTICE_NOT_FOUND", "We cannot find this notice.", "Cet avis est introuvable."},
    {"SITE_NOT_FOUND", "We cannot find this site.", "Ce site est introuvable."},
    {"PRODUCT_NOT_FOUND", "We cannot find this product.", "Ce produit est introuvable."},
    {"QUOTE_NOT_FOUND", "We cannot find this quote.", "Ce devis est introuvable."},
    {"ORDER_NOT_FOUND", "We cannot find this order.", "Cette commande est introuvable."},
    {"PLAN_NOT_FOUND", "We do not offer this plan.", "Nous ne proposons pas cette formule."},
    {"PAYMENT_METHOD_NOT_FOUND", "We cannot find this payment method.",
     "Ce moyen de paiement est introuvable."},
    {"CHARGE_NOT_FOUND", "We cannot find this payment.", "Ce paiement est introuvable."},
    {"INVOICE_NOT_FOUND", "We cannot find this invoice.", "Cette facture est introuvable."},
    {"DOMAIN_NOT_FOUND", "We cannot find this domain.", "Ce nom de domaine est introuvable."},
    {"MAILBOX_NOT_FOUND", "We cannot find this mailbox.", "Cette boîte e-mail est introuvable."},

    // Account.
    {"EMAIL_TAKEN", "There is already an account with this e-mail address.",
     "Un compte existe déjà avec cette adresse e-mail."},
    {"CREDENTIALS_INVALID", "The e-mail address or the password is wrong.",
     "L’adresse e-mail ou le mot de passe est incorrect."},
    {"PASSWORD_TOO_WEAK",
     "This password is too easy to guess, or too short or too long. Please choose another.",
     "Ce mot de passe est trop facile à deviner, trop court ou trop long. Veuillez en choisir un autre."},
    {"SIGN_IN_THROTTLED", "There were too many wrong passwords. Please wait a few minutes.",
     "Trop de mots de passe incorrects. Veuillez patienter quelques minutes."},
    {"REFRESH_TOKEN_INVALID", "Please sign in again.", "Veuillez vous reconnecter."},
    {"SESSION_ENDED", "Your session has ended. Please sign in again.",
     "Votre session est terminée. Veuillez vous reconnecter."},
    {"ACCOUNT_DELETED", "This account was deleted.", "Ce compte a été supprimé."},
    {"SIGN_UP_THROTTLED", "There were too many attempts. Please wait a few minutes.",
     "Trop de tentatives. Veuillez patienter quelques minutes."},
};

constexpr ErrorText kTradeTexts[] = {
    // Quotes, products and orders.
    {"QUOTE_EXPIRED", "This price is no longer reserved for you. Please look at the new one.",
     "Ce prix ne vous est plus réservé. Veuillez consulter le nouveau."},
    {"QUOTE_CONSUMED", "This order was already placed.", "Cette commande a déjà été passée."},
    {"QUOTE_STALE", "Something changed since the price was calculated. Please look at the new one.",
     "Un élément a changé depuis le calcul du prix. Veuillez consulter le nouveau."},
    {"NOT_AN_UPGRADE", "This plan is not above your present one. You can change to it at the next renewal.",
     "Cette formule n’est pas supérieure à la vôtre. Vous pourrez en changer au prochain renouvellement."},
    {"NOT_A_DOWNGRADE", "This plan is above your present one. You can upgrade to it right now.",
     "Cette formule est supérieure à la vôtre. Vous pouvez y passer dès maintenant."},
    {"CYCLE_NOT_OFFERED", "We do not offer this length of term. Please choose another.",
     "Nous ne proposons pas cette durée. Veuillez en choisir une autre."},
    {"CURRENCY_NOT_OFFERED", "We do not sell in this currency. Please choose another.",
     "Nous ne vendons pas dans cette devise. Veuillez en choisir une autre."},
    {"CURRENCY_MISMATCH", "This product is paid in another currency.",
     "Ce produit se paie dans une autre devise."},
    {"PLAN_ALREADY_ACTIVE", "This site already has a plan. You can upgrade or renew it.",
     "Ce site a déjà une formule. Vous pouvez en changer ou la renouveler."},
    {"PRODUCT_NOT_RENEWABLE", "This product can no longer be renewed. You can buy it anew.",
     "Ce produit ne peut plus être renouvelé. Vous pouvez l’acheter à nouveau."},
    {"PRODUCT_INACTIVE", "This product is not active. Please renew it first.",
     "Ce produit n’est pas actif. Veuillez d’abord le renouveler."},
    {"RENEWAL_TOO_FAR", "A product can be paid for 10 years ahead at most.",
     "Un produit peut être payé 10 ans à l’avance au maximum."},
    {"REDEMPTION_CONSENT_REQUIRED",
     "This domain can only be restored, which costs more. Please agree to the price.",
     "Ce nom de domaine doit être restauré, ce qui coûte plus cher. Veuillez accepter ce prix."},
    {"ORDER_IN_PROGRESS", "Another order for this is under way. Please wait until it is done.",
     "Une autre commande est en cours pour ce produit. Veuillez attendre qu’elle soit terminée."},
    {"SITE_HAS_PRODUCTS", "This site still has paid products, so it cannot be deleted.",
     "Ce site a encore des produits payés ; il ne peut pas être supprimé."},

    // Paying.
    {"PAYMENT_METHOD_MISSING", "Please add a payment method.", "Veuillez ajouter un moyen de paiement."},
    {"PAYMENT_METHOD_REMOVED", "This payment method was deleted. Please choose another.",
     "Ce moyen de paiement a été supprimé. Veuillez en choisir un autre."},
    {"CARD_INVALID", "The card’s number, expiry date or security code is wrong. Please check them.",
     "Le numéro, la date d’expiration ou le code de sécurité de la carte est incorrect. Veuillez vérifier."},
    {"CARD_DECLINED", "The bank refused this card. Please use another.",
     "La banque a refusé cette carte. Veuillez en utiliser une autre."},
    {"CARDS_THROTTLED", "Too many cards were refused. Please try again in an hour.",
     "Trop de cartes ont été refusées. Veuillez réessayer dans une heure."},
    {"GATEWAY_UNAVAILABLE", "Payments are not possible at the moment. Please try again later.",
     "Les paiements sont momentanément impossibles. Veuillez réessayer plus tard."},
    {"AMOUNT_INVALID", "This amount is not possible.", "Ce montant n’est pas possible."},

    // Invoices.
    {"BILLING_PROFILE_INCOMPLETE", "Please complete your billing details first.",
     "Veuillez d’abord compléter vos coordonnées de facturation."},
    {"COUNTRY_NOT_SERVED", "We do not sell to this country.", "Nous ne vendons pas dans ce pays."},
    {"TAX_ID_INVALID", "This tax number is not valid. Please check it.",
     "Ce numéro de TVA n’est pas valide. Veuillez le vérifier."},

    // Domains and mailboxes.
    {"DOMAIN_NAME_INVALID", "This is not a possible domain name.", "Ce nom de domaine n’est pas possible."},
    {"DOMAIN_UNAVAILABLE", "This domain is taken. Please choose another.",
     "Ce nom de domaine est déjà pris. Veuillez en choisir un autre."},
    {"TLD_NOT_OFFERED", "We do not offer domains with this ending. Please choose another.",
     "Nous ne proposons pas cette extension. Veuillez en choisir une autre."},
    {"DOMAIN_INACTIVE", "The domain is not active. Please renew it first.",
     "Le nom de domaine n’est pas actif. Veuillez d’abord le renouveler."},
    {"MAILBOX_EXISTS", "This e-mail address is in use. Please choose another.",
     "Cette adresse e-mail est déjà utilisée. Veuillez en choisir une autre."},
    {"MAILBOX_INACTIVE", "This mailbox is not active yet, or no longer.",
     "Cette boîte e-mail n’est pas encore active, ou ne l’est plus."},
};

// By a tag's first part: "FR-ca" is French.
std::optional<absl::string_view> OneOfOurs(absl::string_view tag) {
  const std::string primary = absl::AsciiStrToLower(absl::StripAsciiWhitespace(tag.substr(0, tag.find('-'))));
  if (primary == kEnglish) return kEnglish;
  if (primary == kFrench) return kFrench;
  return std::nullopt;
}

// Of " q=0.9"; without one it is 1.
double WeightOf(absl::string_view parameter) {
  parameter = absl::StripAsciiWhitespace(parameter);
  double weight = 1;
  if (absl::ConsumePrefix(&parameter, "q=") && !absl::SimpleAtod(parameter, &weight)) return 0;
  return weight;
}

}  // namespace

absl::string_view ErrorTextOf(absl::string_view reason, absl::string_view language) {
  for (const auto texts : {absl::MakeSpan(kCallTexts), absl::MakeSpan(kTradeTexts)}) {
    for (const ErrorText& text : texts) {
      if (text.reason == reason) return language == kFrench ? text.french : text.english;
    }
  }
  return "";
}

absl::string_view ChooseLanguage(absl::string_view account_language, absl::string_view accept_language) {
  if (const auto known = OneOfOurs(account_language)) return *known;
  absl::string_view best = kEnglish;
  double best_weight = 0;
  // "fr-CH, fr;q=0.9, en;q=0.8": the first of those with the greatest weight.
  for (const absl::string_view range : absl::StrSplit(accept_language, ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(range, absl::MaxSplits(';', 1));
    const auto language = OneOfOurs(parts.first);
    const double weight = WeightOf(parts.second);
    if (!language || !(weight > best_weight)) continue;
    best = *language;
    best_weight = weight;
  }
  return best;
}

}  // namespace perennial::rpc
