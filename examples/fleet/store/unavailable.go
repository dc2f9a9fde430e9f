package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Unavailable reports whether an error means that the database cannot be reached or does not work now: it restarts, has too many connections, or is
// locked by others for too long. The same request may succeed later.
// An error of the network while the database answers is not recognized, as it could be that of another server.
func Unavailable(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch e.Code {
		case "57P01", "57P02", "57P03", "53300", "53400", "25006": // shut down, crashed, starting, too many connections, a standby
			return true
		}
		return strings.HasPrefix(e.Code, "08")
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
			return true
		}
		return false
	}
	_, ok := errors.AsType[interface { // an error of a connection that is closed or was never made
		error
		SafeToRetry() bool
	}](err)
	return ok
}

// FromDatabase reports whether an error is one of the database's, which are not for tenants.
func FromDatabase(err error) bool {
	_, postgres := errors.AsType[*pgconn.PgError](err)
	_, lite := errors.AsType[*sqlite.Error](err)
	return postgres || lite || Unavailable(err)
}
