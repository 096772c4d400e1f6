# ivm_fdw: PGXS makefile.  "make demo" and "make test" set everything up by themselves.

MODULE_big = ivm_fdw
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
EXTENSION = ivm_fdw
DATA = ivm_fdw--1.0.sql
PGFILEDESC = "ivm_fdw - views as foreign tables, kept up to date by every write"

PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type -Wno-clobbered -Wno-declaration-after-statement
SHLIB_LINK = -llmdb

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
override with_llvm = no
include $(PGXS)

HEADERS_ALL = $(wildcard src/*.h src/*/*.h)
$(OBJS): $(HEADERS_ALL)
