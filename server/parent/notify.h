/* SPDX-License-Identifier: ISC
 *
 * Tells the service manager how it goes: sd_notify(3)'s datagram to $NOTIFY_SOCKET, where that is set. */
#ifndef PARENT_NOTIFY_H
#define PARENT_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1"; several are separated by newlines. */
void notify_manager(const char *text);

#endif
