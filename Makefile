# ivm_fdw: PGXS makefile.
#
# "make test", "make demo" and "make bench" set everything up by themselves (and
# install into a private directory only); "make", "make install" and
# "make installcheck" are PGXS's own, for the server that PG_CONFIG belongs to.

MODULE_big = ivm_fdw
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
EXTENSION = ivm_fdw
DATA = ivm_fdw--1.0.sql
PGFILEDESC = "ivm_fdw - views as foreign tables, kept up to date by every write"

PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type -Wno-clobbered -Wno-declaration-after-statement
SHLIB_LINK = -llmdb

# sql/setup.sql comes first: it creates the extension and what the others use.
# installcheck needs a running server with shared_preload_libraries = 'ivm_fdw'
# and max_prepared_transactions > 0.
REGRESS = setup $(filter-out setup,$(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql))))
ISOLATION = $(patsubst specs/%.spec,%,$(sort $(wildcard specs/*.spec)))
TAP_TESTS = 1

# The scripts install what is missing, so these must work before there is a pg_config.
ifneq ($(filter test demo bench,$(MAKECMDGOALS)),)
.PHONY: test demo bench
test demo bench:
	@script/$@
else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
override with_llvm = no
include $(PGXS)

HEADERS_ALL = $(wildcard src/*.h src/*/*.h)
$(OBJS): $(HEADERS_ALL)

print-%:
	@echo $($*)

endif
