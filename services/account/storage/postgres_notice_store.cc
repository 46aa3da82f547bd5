#include "services/account/storage/postgres_notice_store.h"

#include "libs/base/status_macros.h"
#include "services/account/storage/paging.h"

namespace perennial::account {
namespace {

#define NOTICE_COLUMNS "id, account_id, product_id, kind, term, occasion, language, subject, body, created_at"

core::Notice ReadNotice(const pg::Row& row) {
  core::Notice notice;
  notice.id = row.Get<Uuid>("id");
  notice.account_id = row.Get<Uuid>("account_id");
  notice.product_id = row.Get<Uuid>("product_id");
  notice.kind = core::ParseNoticeKind(row.Get<std::string>("kind")).value();
  notice.term = row.Get<std::string>("term");
  notice.occasion = row.Get<std::string>("occasion");
  notice.language = core::ParseLanguage(row.Get<std::string>("language")).value();
  notice.subject = row.Get<std::string>("subject");
  notice.body = row.Get<std::string>("body");
  notice.created_at = row.Get<absl::Time>("created_at");
  return notice;
}

}  // namespace

absl::StatusOr<std::vector<core::NoticeKind>> PostgresNoticeStore::Insert(
    const std::vector<core::Notice>& notices) {
  std::vector<Uuid> ids, account_ids, product_ids;
  std::vector<std::string> kinds, terms, occasions, languages, subjects, bodies;
  std::vector<absl::Time> created_at;
  for (const core::Notice& notice : notices) {
    ids.push_back(notice.id);
    account_ids.push_back(notice.account_id);
    product_ids.push_back(notice.product_id);
    kinds.push_back(core::NameOf(notice.kind));
    terms.push_back(notice.term);
    occasions.push_back(notice.occasion);
    languages.push_back(std::string(core::CodeOf(notice.language)));
    subjects.push_back(notice.subject);
    bodies.push_back(notice.body);
    created_at.push_back(notice.created_at);
  }
  std::vector<core::NoticeKind> told;
  if (notices.empty()) return told;
  ASSIGN_OR_RETURN(
      const pg::Rows rows,
      database_.Query(
          "INSERT INTO notice (" NOTICE_COLUMNS
          ") SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::text[]), "
          "unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), "
          "unnest($9::text[]), unnest($10::timestamptz[]) "
          "ON CONFLICT ON CONSTRAINT notice_once DO NOTHING RETURNING kind",
          ids, account_ids, product_ids, kinds, terms, occasions, languages, subjects, bodies, created_at));
  for (const pg::Row row : rows) told.push_back(core::ParseNoticeKind(row.Get<std::string>("kind")).value());
  return told;
}

absl::StatusOr<std::optional<core::Notice>> PostgresNoticeStore::Find(const Uuid& account_id,
                                                                      const Uuid& id) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("SELECT " NOTICE_COLUMNS " FROM notice WHERE id = $1 AND account_id = $2",
                                   id, account_id));
  if (rows.empty()) return std::nullopt;
  return ReadNotice(rows[0]);
}

absl::StatusOr<Page<core::Notice>> PostgresNoticeStore::List(const Uuid& account_id,
                                                             const std::optional<Uuid>& product_id,
                                                             const PageRequest& page) {
  const Position after = StartOf(page);
  absl::StatusOr<pg::Rows> rows =
      product_id
          ? database_.Query("SELECT " NOTICE_COLUMNS
                            " FROM notice WHERE account_id = $1 AND product_id = $2 "
                            "AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5",
                            account_id, *product_id, after.time, after.id, page.size + 1)
          : database_.Query("SELECT " NOTICE_COLUMNS
                            " FROM notice WHERE account_id = $1 AND (created_at, id) < ($2, $3) "
                            "ORDER BY created_at DESC, id DESC LIMIT $4",
                            account_id, after.time, after.id, page.size + 1);
  RETURN_IF_ERROR(rows.status());
  return PageOf<core::Notice>(*rows, page.size, ReadNotice, [](const core::Notice& notice) {
    return Position{notice.created_at, notice.id};
  });
}

}  // namespace perennial::account
