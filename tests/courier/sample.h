/* SPDX-License-Identifier: ISC
 *
 * Canonical alert records for tests. */
#ifndef TESTS_COURIER_SAMPLE_H
#define TESTS_COURIER_SAMPLE_H

#define SAMPLE_TOKEN "t-aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SAMPLE_PLACEMENT "p-bbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SAMPLE_SIGHTING "s-cccccccccccccccccccccccccc"
#define SAMPLE_INCIDENT "i-dddddddddddddddddddddddddd"
#define SAMPLE_ALERT "a-eeeeeeeeeeeeeeeeeeeeeeeeee"

#define SAMPLE_RECORD                                                                                                  \
    "{\"alert\":\"" SAMPLE_ALERT "\",\"incident\":\"" SAMPLE_INCIDENT "\",\"sequence\":42,"                            \
    "\"time\":\"2026-11-22T09:14:03.217000Z\",\"activity\":\"create\",\"type\":\"sighting\","                          \
    "\"severity\":\"critical\",\"grade\":\"secret\",\"certainty\":\"exact\",\"title\":\"Planted password used\","      \
    "\"drill\":false,\"count\":3,\"first_seen\":\"2026-11-22T09:14:03.217000Z\","                                      \
    "\"last_seen\":\"2026-11-22T09:15:00.000000Z\","                                                                   \
    "\"installation\":{\"organisation\":\"Example Rail\",\"domain\":\"corp.example\"},"                                \
    "\"token\":{\"token\":\"" SAMPLE_TOKEN "\",\"kind\":\"password\",\"form\":\"human\","                              \
    "\"identity\":\"svc-legacy-sync\",\"bound\":true,\"state\":\"armed\","                                             \
    "\"minted\":\"2026-06-01T10:00:00Z\",\"expires\":null,\"owner\":\"Jane Doe\",\"contact\":\"soc@corp.example\","    \
    "\"memo\":\"finance\",\"secret_bits\":77},"                                                                        \
    "\"placement\":{\"placement\":\"" SAMPLE_PLACEMENT "\",\"place\":\"maildir:/var/mail/jdoe\","                      \
    "\"where\":{\"mailbox\":\"/var/mail/jdoe\",\"folder\":\"INBOX\",\"message_id\":\"<a.b@corp.example>\","            \
    "\"path\":\"/var/mail/jdoe/cur/1780308000.M1P2.mx:2,S\"},\"planted\":\"2026-06-02T10:00:00Z\","                    \
    "\"state\":\"there\",\"lure\":\"handover\",\"owner\":\"Jane Doe\"},"                                               \
    "\"sighting\":{\"sighting\":\"" SAMPLE_SIGHTING "\",\"observation\":\"o-ffffffffffffffffffffffffff\","             \
    "\"time\":\"2026-11-22T09:14:03.217000Z\",\"decoy\":\"gitlab\",\"service\":\"http\",\"grade\":\"secret\","         \
    "\"near\":null,\"part\":\"secret\",\"found_in\":\"Authorization: Basic\",\"reason\":\"exact match\"},"             \
    "\"source\":{\"address\":\"203.0.113.77\",\"port\":51514,\"via\":[\"10.0.0.1\"],"                                  \
    "\"earlier\":{\"observations\":4,\"first\":\"2026-11-22T09:00:00Z\",\"last\":\"2026-11-22T09:10:00Z\"}},"          \
    "\"client\":{\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\","                              \
    "\"sni\":\"git.corp.example\",\"alpn\":\"http/1.1\"},"                                                             \
    "\"http\":{\"method\":\"GET\",\"path\":\"/group/app.git/info/refs\",\"version\":\"HTTP/1.1\","                     \
    "\"host\":\"git.corp.example\",\"user_agent\":\"git/2.39.5\",\"body\":{\"length\":17,\"kept\":17},"                \
    "\"headers\":[\"Host\",\"User-Agent\",\"authorization\"],"                                                         \
    "\"values\":{\"Host\":\"git.corp.example\",\"User-Agent\":\"git/2.39.5\"}}},"                                      \
    "\"actor\":{\"actor\":\"c-gggggggggggggggggggggggggg\",\"address\":\"203.0.113.77\","                              \
    "\"tokens\":[\"" SAMPLE_TOKEN "\"],\"first_seen\":\"2026-11-22T09:00:00Z\",\"sightings\":3},"                      \
    "\"others\":[{\"token\":\"t-hhhhhhhhhhhhhhhhhhhhhhhhhh\",\"kind\":\"gitlab-token\",\"identity\":\"deploy\","       \
    "\"time\":\"2026-11-22T09:01:00Z\"}],"                                                                             \
    "\"chain\":{\"sequence\":1234,\"head\":\"00112233445566778899aabbccddeeff\"},\"route\":null}"

#endif
