# SUNDEW_CFLAG(FLAG): appends FLAG to SUNDEW_CFLAGS where the compiler takes it without a word.
AC_DEFUN([SUNDEW_CFLAG], [
  AS_VAR_PUSHDEF([cache], [sundew_cv_cflag_$1])
  AC_CACHE_CHECK([whether $CC takes $1], [cache], [
    sundew_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("") < 0;]])],
      [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    CFLAGS=$sundew_saved])
  AS_VAR_IF([cache], [yes], [SUNDEW_CFLAGS="$SUNDEW_CFLAGS $1"])
  AS_VAR_POPDEF([cache])
])

# SUNDEW_LDFLAG(FLAG): the same for the linker.
AC_DEFUN([SUNDEW_LDFLAG], [
  AS_VAR_PUSHDEF([cache], [sundew_cv_ldflag_$1])
  AC_CACHE_CHECK([whether the linker takes $1], [cache], [
    sundew_saved=$LDFLAGS
    LDFLAGS="$LDFLAGS -Werror $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("") < 0;]])],
      [AS_VAR_SET([cache], [yes])], [AS_VAR_SET([cache], [no])])
    LDFLAGS=$sundew_saved])
  AS_VAR_IF([cache], [yes], [SUNDEW_LDFLAGS="$SUNDEW_LDFLAGS $1"])
  AS_VAR_POPDEF([cache])
])
