# SPDX-License-Identifier: MIT
#
# The libraries as others link them, the manual, and where everything goes.
#
#   make install DESTDIR= PREFIX=/usr/local    and uninstall, with the same
#
# libdir, sysconfdir and unitdir may be given too.

ABI := 1
libdir ?= $(PREFIX)/lib
sysconfdir ?= $(if $(filter /usr,$(PREFIX)),,$(PREFIX))/etc
unitdir ?= $(PREFIX)/lib/systemd/system
soname := libaha.so.$(ABI)

# ---- the libraries: the same objects, only the public names
core_libs = $(shell pkg-config --libs jansson vips) $(blas_libs) -lm

$(BUILD)/$(soname): $(core_obj) core/libaha.map
	$(call say,LD)
	$(Q)$(CC) -shared -Wl,-soname,$(soname),-z,defs $(hardened_ldflags) \
	    -Wl,--version-script=core/libaha.map,--no-undefined-version \
	    $(opt.$(MODE)) $(LDFLAGS) -o $@ $(core_obj) \
	    $(core_libs)

$(BUILD)/public/libaha.a: $(core_obj) core/libaha.map
	$(call say,AR)
	$(Q)mkdir -p $(@D) && rm -f $@
	$(Q)sed -n 's/^ *\(aha_.*\);/\1/p' core/libaha.map > $(@D)/names
	$(Q)$(CC) -r -nostdlib -o $(@D)/aha.o $(core_obj)
	$(Q)objcopy --keep-global-symbols=$(@D)/names $(@D)/aha.o
	$(Q)ar rcs $@ $(@D)/aha.o

# ---- the manual: frames in deploy/man, the rest from --help and the headers
MAN_DATE := 2026-11-25
man_pages := aha.1 aha-serve.8 libaha.3
man_built := $(addprefix $(BUILD)/man/,$(man_pages))

$(BUILD)/man/%: deploy/man/%.in deploy/man/fill.awk $(BUILD)/aha \
    $(wildcard include/aha/*.h)
	$(call say,MAN)
	$(Q)mkdir -p $(@D)
	$(Q)awk -v aha=$(BUILD)/aha -v version=$(VERSION) \
	    -v date=$(MAN_DATE) -f deploy/man/fill.awk $< > $@

man: $(man_built) ## the manual's pages, in build/release/man

# ---- files that name places
filled = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@libdir@|$(libdir)|g' \
    -e 's|@sysconfdir@|$(sysconfdir)|g' -e 's|@VERSION@|$(VERSION)|g' \
    -e 's|@core_libs@|$(core_libs)|g'

# ---- install
into = $(DESTDIR)$(PREFIX)
doc_files := LICENSE NOTICE core/picture/LICENSE-DejaVu.txt

install: $(BUILD)/aha $(BUILD)/$(soname) $(BUILD)/public/libaha.a \
    $(man_built) ## program, libraries, models, manual, unit into DESTDIR/PREFIX
	install -Dm755 $(BUILD)/aha $(into)/bin/aha
	install -Dm644 -t $(into)/share/aha/models models/*.safetensors models/*.md \
	    models/*.txt
	install -Dm644 -t $(into)/share/doc/aha $(doc_files)
	install -Dm644 -t $(into)/include/aha include/aha/*.h
	install -Dm644 $(BUILD)/$(soname) $(DESTDIR)$(libdir)/$(soname)
	ln -sf $(soname) $(DESTDIR)$(libdir)/libaha.so
	install -Dm644 $(BUILD)/public/libaha.a $(DESTDIR)$(libdir)/libaha.a
	install -d $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(unitdir)
	$(filled) deploy/aha.pc.in > $(DESTDIR)$(libdir)/pkgconfig/aha.pc
	$(filled) deploy/systemd/aha.service.in > $(DESTDIR)$(unitdir)/aha.service
	test -e $(DESTDIR)$(sysconfdir)/aha/aha.conf || install -Dm644 \
	    deploy/systemd/aha.conf $(DESTDIR)$(sysconfdir)/aha/aha.conf
	install -Dm644 -t $(into)/share/man/man1 $(BUILD)/man/aha.1
	install -Dm644 -t $(into)/share/man/man3 $(BUILD)/man/libaha.3
	install -Dm644 -t $(into)/share/man/man8 $(BUILD)/man/aha-serve.8
	install -Dm644 deploy/completion/aha.bash \
	    $(into)/share/bash-completion/completions/aha
	install -Dm644 deploy/completion/aha.zsh \
	    $(into)/share/zsh/site-functions/_aha

uninstall: ## take it away again; the configuration stays
	rm -f $(into)/bin/aha $(DESTDIR)$(libdir)/$(soname) \
	    $(DESTDIR)$(libdir)/libaha.so $(DESTDIR)$(libdir)/libaha.a \
	    $(DESTDIR)$(libdir)/pkgconfig/aha.pc \
	    $(DESTDIR)$(unitdir)/aha.service \
	    $(into)/share/man/man1/aha.1 $(into)/share/man/man3/libaha.3 \
	    $(into)/share/man/man8/aha-serve.8 \
	    $(into)/share/bash-completion/completions/aha \
	    $(into)/share/zsh/site-functions/_aha
	rm -rf $(into)/include/aha $(into)/share/aha $(into)/share/doc/aha

install-test: ## what `make install` puts down, linked and run
	$(Q)python3 -m unittest discover -s tests/install -t . -v

package-test: ## the Debian packages, built and run in a clean chroot (root)
	$(Q)tests/package.sh

.PHONY: man install uninstall install-test package-test
