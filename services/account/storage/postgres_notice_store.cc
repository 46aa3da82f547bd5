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

absl::StatusOr<bool> PostgresNoticeStore::Insert(const core::Notice& notice) {
  ASSIGN_OR_RETURN(const pg::Rows rows,
                   database_.Query("INSERT INTO notice (" NOTICE_COLUMNS
                                   ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                                   "ON CONFLICT ON CONSTRAINT notice_once DO NOTHING",
                                   notice.id, notice.account_id, notice.product_id, core::NameOf(notice.kind),
                                   notice.term, notice.occasion, core::CodeOf(notice.language),
                                   notice.subject, notice.body, notice.created_at));
  return rows.affected() == 1;
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
