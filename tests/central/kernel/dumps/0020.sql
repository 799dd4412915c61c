INSERT INTO anomaly (id, kind, at, device_id, subject, detail, settled) VALUES ('6C52AQCDNHPBTW1W5TSRC8JR7C', 'kind', 1795284000000, 'device_id', 'subject', '{}', 0);
INSERT INTO audit_checkpoint (seq, text, kid, signature, certificate) VALUES (50, '{"seq":50,"hash":"c43172056dbd5268eff2142c2ae81fc519db7a63b2ae6eb84c8a161cd1ed4881","at":1795284000000}', 'ae870024', 'M1Tdc5aZ2WpmHhSWMQPd10+oC/emCIJN8sL+xvWJbRllY70GhZnpmELkVgDK6n4zMU5U2FhAMgNh3OEscQDmAg==', '-----BEGIN CERTIFICATE-----
MIIBZDCCARagAwIBAgIQT6fDP4vSb/j+n+c3t28ZATAFBgMrZXAwEzERMA8GA1UE
AwwIUGFydGVycmUwHhcNMjYxMTIwMTgwMDAwWhcNMjkxMTIwMTgwMDAwWjAlMSMw
IQYDVQQDDBoyQlRQVjBSUURKN0U1UDlIOEFHQ0IyOU1FWjAqMAUGAytlcAMhAK7p
D5N7RBbHpluszVl5MurFoFgfJLggedOQrSZucGnvo24wbDAMBgNVHRMBAf8EAjAA
MFwGA1UdEQRVMFOGFXBhcnRlcnJlOmtpbmQ6Y2VudHJhbIYOcGFydGVycmU6c2l0
ZTqGFHBhcnRlcnJlOnJpZ2h0Omlzc3VlhhRwYXJ0ZXJyZTpyaWdodDpzdGF0ZTAF
BgMrZXADQQA4cCOzP8JAgSLRAQYlPAyBDCbHd9a4Ywzv1RgILX2JGVJRugMWQCNl
sOLk1V45iMmUh70OuFmA9sO9GNLYjvEE
-----END CERTIFICATE-----
');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 1795284000000, 'system:central', '', 'create_logical_configuration', '24156ee8f3ce46ae72d6c1bd8d89c0561e5c5b2e2ff2fbc3cb503bd5c0ea9b8c', '{"id":"464WE3X5YM2PJGR33AXN31CPBM","context_id":"1G7AK1E6639DVYH5PX00BTJ5CN","physical_configuration_id":"1F57V2JC26SDVG8WWJJWGD94XZ","code":"SOIREE","names":{"fr":"Soirée"},"categories":{"1re":"052JR2B7WDCVHHG3RPF48A61TP","Debout":"62E1RB82A37JZFYMRTF9QNHMWE"},"draft":false}', '+26', '1G7AK1E6639DVYH5PX00BTJ5CN', 1796093887294480, 12, '2491aa3733836c73830d9a79e40b025fd5cd4066b90f4dd884acd9d84cb2e8c5');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('0CPVMK2SDCKWGR1A4X1ACHWKWS', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887643243, 40, '5e1f008b349c379b498054ff22a78b353cb92caa1db023ab016c9d2de3f7fb3a');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('0G2SVGQ3FATXJRNXBXS6ZM9HZW', 1795284000000, 'system:central', '', 'set_up_house', '41e935e677059820aaa82d274bc9b80a717a0c6b9787a0bf3dc27d43db10e4e6', '{"institution_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"MAISON","names":{"fr":"La maison"},"operator_id":"76VWYHVK712H80EDX5NN3JBR3V","operator_name":"sealed:identity:76VWYHVK712H80EDX5NN3JBR3V:K6LLVVgDiFcin+Ngxgfz7jXVu3iqJHdo/920i5FxfPaS8cw=","key_digest":"•"}', '+"16MB62JEG8YCM3K1X2H4BP8EA3"', NULL, 1796093887130006, 1, 'eba5a8c540b43f833e7eb160d0cf12de3cc4ff13d14388a120f66a192617ffbe');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('11N70TEM1VQDZJZ701F8YJSHWE', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887706020, 47, 'ca73b7541ea796355d6674b62f8d8a35fae1ff5162de3c4dc24d97ad0c5af504');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('13MX2RN6GPPJY45HEPV8WGZGZW', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887664132, 43, '076db72c34bebfaf1eaa425636cd407cc3d506540c5088a5176b3ccc7eef67ed');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 1795284000000, 'system:central', '', 'change_sale', '05e4c1909370148ffa2e7bd1cb982b014893fb989d0f4e1dd567a3b6b1f21033', '{"performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","do":"open"}', '+"on_sale"', '02C5ERSFKV41CJQTSPRC49HB66', 1796093887426323, 23, 'd980062ae052aa0396390556fc9c620845e649cbea8153b9fac0dfffe5660f79');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('15V415N7898BX2YAG98ZF1FBST', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887547287, 30, 'e0d21ca687e5c8a238d59c6c6a73136124a9146389e70221f99654958074a390');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('175AVTKKQ0A1713EFCRN170ACJ', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887537993, 29, 'c1d724ca2c8e80388d1e7bf0ea723d918137f9a4f041e4b07bb47eefe6e67a82');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('1W63SJZHNM1A1AN554ZPWEPHEW', 1795284000000, 'system:central', '', 'add_unnumbered_zone', '4c34cc96ce9c08108c2cbef52d488d955b36b4ff752b3eae051936bd3fc5e9b5', '{"id":"3NMTGFKKNACR2VJWCXNB5R44DR","configuration_id":"1F57V2JC26SDVG8WWJJWGD94XZ","name":"Debout","capacity":20,"control":2}', '+"3NMTGFKKNACR2VJWCXNB5R44DR"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887253162, 8, 'da6c8375b0be5c4c0a1ab68a172398f883a2fbb8f73f9eea13fcf3b52cd17248');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('25AHBDXC17D08JKEBJCNR4K1ZD', 1795284000000, 'system:central', '', 'create_context', '7f5508f3bac80e1a912fb3ed455cbab12015f5d01c2efe5828c832d99e0c93dd', '{"id":"6ZR8WEYB9YS9X2SY96K1QWMV1K","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","kind":"organiser","code":"TDT","names":{"fr":"Les Tilleuls"},"settings":{"currency":"EUR","licence":"PLATESV-R-2026-000009"}}', '+"6ZR8WEYB9YS9X2SY96K1QWMV1K"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887168335, 2, '641e3da14633a8e393d4c4cd32c0289c48f63e9129d44dd89ce6e7316ff3d50b');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('25M5YCCFSGDRKG67PZ3SE6X1TQ', 1795284000000, 'system:central', '', 'create_space', '3b18b989cc3f538aa2d68504d214ee6dfee8fecc29d32df1b37405b6cbc0191d', '{"id":"60QWS7M89PQGJ72AZBJNZV9YTF","site_id":"4Y948GM647G911DKEJ0EK1KMC6","code":"GRANDE","names":{"fr":"Grande salle"}}', '+"60QWS7M89PQGJ72AZBJNZV9YTF"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887219809, 6, '2dc5aff7212c6cc3c46b0d1691a9a01e5246d893155d4917c102c47f6472e47f');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('26VAPPE8X0JVVSCJ67VRYRP26A', 1795284000000, 'system:central', '', 'create_site', 'd2d3cd9f08c79956a12c5f0a5c9a0acf583a55012add3f7ea3655aea19b9d556', '{"id":"4Y948GM647G911DKEJ0EK1KMC6","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"TILLEULS","names":{"fr":"Théâtre des Tilleuls"},"address":"12 allée","timezone":"Europe/Paris"}', '+"4Y948GM647G911DKEJ0EK1KMC6"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887207866, 5, 'cce4616702b799a7732d32869a3c66ce0b1adc5228578dd4b39bca951f19c6fc');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('28NH1Q4Y4YHDZ3Z5WYP6ZTA9FN', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887559401, 32, '84a53a9f11abe732ef433c6511ac7a87f13939bf908e497825e8b4a9715a1ff4');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('2PQ4K74XXJT1A5ZCBC3Y46NZ8B', 1795284000000, 'system:central', '', 'validate_physical', 'c5c20cd453c0925636d4202cd3005c677b913a9faa823e149070fc4b19969876', '{"configuration_id":"1F57V2JC26SDVG8WWJJWGD94XZ"}', '+null', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887262707, 9, '45e19597f0f27329420b4a8f9ed2ab1987d5c73e369ddbfdf9d2003001155b54');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('2T8KZ9MN7ZF0ZBJN45YKSMCR27', 1795284000000, 'system:central', '', 'create_performance', 'e9a4a340c86cf6a59b4a699d2ead99b16fa28c932a169e55d4a4d85393969d32', '{"id":"6DC1VYPSXRQ3SJGVA355AKCMDK","event_id":"7N7GW2VPF1HMNH5VH9ANAZN22B","logical_configuration_id":"464WE3X5YM2PJGR33AXN31CPBM","price_grid_id":"7Z4NJ17VMXSHW51E223B7FDH8B","schedule":{"starts":"2026-11-21T20:00:00+00:00","doors":"2026-11-21T18:30:00+00:00","closes":"2026-11-21T23:00:00+00:00","sell_until":"2026-11-21T20:30:00+00:00","reentry_after_s":0,"policy":"admit_and_flag"}}', '+26', '02C5ERSFKV41CJQTSPRC49HB66', 1796093887408479, 22, '3ceb9f734cbdffa8cb84399a39ddf0da93a9f64ca49aa3dca35229e16e0ba85d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('2Y4TYZEV401NMEEJJ3WRY5RZ7X', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887679398, 44, '75eeb49e45c7d63d198373b8c02bd06d9f56c126002ea2f42824c561bcf03f08');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('2YZKCZT8NTGD782QQ562GD59QM', 1795284000000, 'system:central', '', 'import_plan', '935ced672ff53f8040a944989d305ef9b378d99f141b7924fec5ae99ed9c9199', '{"id":"1F57V2JC26SDVG8WWJJWGD94XZ","space_id":"60QWS7M89PQGJ72AZBJNZV9YTF","code":"P1","names":{"fr":"Plan"},"plan":"750 characters, sha256 ec80d62045d18eb0c622c442b7dbd26d4b027418814407c0e8420de9e65f82bc"}', '+6', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887239214, 7, '26fb17de17e00ff5707cb82c97ac405d992a4ddd296ef411f2518296c8dbaa01');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('2ZD20AWEPRF6VBAA85Q16R1QBE', 1795284000000, 'system:central', '', 'create_context', '2af412a564073839e9d9be538764d9f5f37e4a9a562ac835bd84432136bbd17a', '{"id":"1G7AK1E6639DVYH5PX00BTJ5CN","context_id":"6ZR8WEYB9YS9X2SY96K1QWMV1K","kind":"season","code":"S26","names":{"fr":"Saison 26"},"settings":{}}', '+"1G7AK1E6639DVYH5PX00BTJ5CN"', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887172514, 3, '5220f6080c3587d14083c78827d0833cf017b36f6299cf176e2f4b3d659c6b73');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('32DFJ8FTNDHCV8EPD5PA9M8FMA', 1795284000000, 'system:central', '', 'create_tariff', '39ef24ee7f27e80564759611c0613f2bd015740cb1e6ace39673d29f71a044a2', '{"id":"3QP22XZY0DQN0EVSNHKG4PB7N2","context_id":"1G7AK1E6639DVYH5PX00BTJ5CN","code":"CHILD","names":{"fr":"Enfant"},"rank":2,"proof":true}', '+"3QP22XZY0DQN0EVSNHKG4PB7N2"', '1G7AK1E6639DVYH5PX00BTJ5CN', 1796093887320452, 15, '6686965b651c6e0b16c8b17a191300b82ac9c0f6424ee21397e86309ae33218c');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('3D0FHTRDYMGJKW05P260149GFM', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887661051, 42, 'd29f65d89fc07b7c152cfc0f143862c110e9af9737d68fa05d2539b2454af0bc');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('3HD28F2DH84PPDTAMA3PRW80FE', 1795284000000, 'system:central', '', 'create_contingent', 'db4c35b91377f933acd42f11cd6af2eaf02f3a2abe517261f86e3cf6a196296e', '{"id":"3W9QP3XYD1YRBJ1XHWH9N7F1EX","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"PRESSE","names":{"fr":"Presse"},"colour":"#999999","external_channel_id":null}', '+"3W9QP3XYD1YRBJ1XHWH9N7F1EX"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887311705, 13, 'e29e730e9a8caeafe908658880b4fea53bbe6a76a9feb188625c6ee861189877');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('3RNB2BP20G75PP42RDTRGB7JJQ', 1795284000000, 'system:central', '', 'create_point_of_sale', '1af2b13822a8bbeec8b92683d2339a5288b452dbcf0ea47919b1b64572c5aa73', '{"id":"73A2EKRRD4NEK474SJJ4P6W6ZD","channel_id":"7J87KV3NHNZY80MS1TVFDTJPV8","context_id":"6ZR8WEYB9YS9X2SY96K1QWMV1K","code":"G1","names":{"fr":"Guichet"},"active":true}', '+"73A2EKRRD4NEK474SJJ4P6W6ZD"', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887368791, 19, '22ec5ccfa1f7ad95e070743c3e027d1671fb3a7121e622b8194bb47807e14942');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('3RNHSQCEV8FTZNPX6KZDMA2EWF', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887685614, 45, '094083333a6d3930f217a5d9806956eef19e87eacb72a26b7462567f3176461f');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('48KG0CC77Q3DW3TH3BMHNQE3T5', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887603531, 37, '7952c359871dec91aad5b4b41a75a214477effeea88402ddb5ffb1c50882787d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('4A4S6YD8N5D7QC2S2A7XKDCD7A', 1795284000000, 'system:central', '', 'create_seat_category', '4d2be1e654af0538fcde7b7ff2f2259cd53f4b9fe73bc50fc7bc3423e3ff75fc', '{"id":"052JR2B7WDCVHHG3RPF48A61TP","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"CAT1","names":{"fr":"1re"},"colour":"#0072B2","rank":1}', '+"052JR2B7WDCVHHG3RPF48A61TP"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887271626, 10, 'fb8f671b245a4dc025708725847640c3865752529e3bf1d49645d06b0cd13e50');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('4CR1KWYTP4FV13Z3YWTGSAMN81', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887568401, 33, '1f3cf44555df38792602e72fa2472ebab8a042d3510a934082ea1b79f3022a4f');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('4HPVWR213487J3BXFME2QH2K3Q', 1795284000000, 'system:central', '', 'create_context', '8188b6c3597ef9caf79015680a978ee8a52e7e73329bb1fd586778fe3b71c2d5', '{"id":"02C5ERSFKV41CJQTSPRC49HB66","context_id":"1G7AK1E6639DVYH5PX00BTJ5CN","kind":"activity","code":"TH","names":{"fr":"Théâtre"},"settings":{}}', '+"02C5ERSFKV41CJQTSPRC49HB66"', '1G7AK1E6639DVYH5PX00BTJ5CN', 1796093887179353, 4, 'aab1066d9b67a35e664a42e1fd8590d8d22069aebc0a30bb3cf4abb95b68529d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('4XZCRWSZR0V54MGTD8VMXB4ET2', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887712749, 48, 'c4d626a14c2ce5cf0e5fd3a9375b9d363c3c93b58b0e758f8d6919dc46163fee');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('4ZTNN0ZXT57FZWWTXCDE6KA7WN', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887635470, 39, 'f89f82dbe130de87c6ca1456031d9aae5876ff3af3485b7819e28571a5bf3bca');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('5TNP9M8D81XXQ76GPPD3ZWQ3KH', 1795284000000, 'system:central', '', 'create_tariff', '7a0b6168e94fb05119fc8d91958c0b8cb670c80a625b99ef5635fcc8b5da9803', '{"id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","context_id":"1G7AK1E6639DVYH5PX00BTJ5CN","code":"FULL","names":{"fr":"Plein tarif"},"rank":1,"proof":false}', '+"42KSJNNNJHA5Q8G2F8XCRJZ7P2"', '1G7AK1E6639DVYH5PX00BTJ5CN', 1796093887316160, 14, '9aadde97c963b804ad508bfbec534739b2bd2d576fc14122b8bbd35a30977a9d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('653DA06W465Z6EF8MK2GER4ZYC', 1795284000000, 'system:central', '', 'create_channel', 'c5c9b5f831479e2b8e5285444d7cde369d53f89fe8ba39f84fbf8b69a2a2cd76', '{"id":"49QFF53K4YFNF0NZWX8FZ2D68Z","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"BORNE","names":{"fr":"Bornes"},"kind":"kiosk","contingents":[],"uncontingented":true,"max_places":10,"active":true,"hold_minutes":15,"hold_most_minutes":60}', '+"49QFF53K4YFNF0NZWX8FZ2D68Z"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887360613, 18, 'a80c7d7cdf5de36e057011acef6ef11e96dae81507beffd1f48f8bcdb32f8731');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('66P6ZVDJSPYPBQA4BGK5F9BK7E', 1795284000000, 'system:central', '', 'create_seat_category', 'fe52da48bb468fad5981d76993ee5871d5c264be2555faca0f7dd366b129c43f', '{"id":"62E1RB82A37JZFYMRTF9QNHMWE","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"DEBOUT","names":{"fr":"Debout"},"colour":"#009E73","rank":2}', '+"62E1RB82A37JZFYMRTF9QNHMWE"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887279347, 11, '7d749437a043928c873c24b7b52f686128d23e36b3b6b89a8090bb7ebe0b999e');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('69MYQZ1TKJDB6KD690P2XZEJX2', 1795284000000, 'system:central', '', 'place_order', '25388fff860daef08f8cc64e8bbb7a25c0eb887fcbafa503f9e22a7c41fdc5bd', '{"order_id":"0GT1V307257XHSZT87DWHG697R","point_of_sale_id":"73A2EKRRD4NEK474SJJ4P6W6ZD","performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","places":[{"tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","seat_id":null,"gauge_id":"2TNXXJJNNN6WKEVRFWRT8MYV86"},{"tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","seat_id":null,"gauge_id":"2TNXXJJNNN6WKEVRFWRT8MYV86"}],"method":"cash","amount":2400,"reference":"","hold_id":null,"contact_id":null}', '+{"order_id":"0GT1V307257XHSZT87DWHG697R","total":2400,"currency":"EUR","tickets":[{"ticket_id":"69MYQZ1TKJH07XGBJ6M872R3BB","number":"TDT-0000003","token":"AGXIOABEZGT274HKOKEA7WBOI2RA4LANNMAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAIAQBBDKWPKXHWDLYKVOMV3IMQVR2B4Z7Q35FLWRORHJSJOKQS45PDGH7E7T6QL24I3YSXRBBTKT6WXUNFFAQ6SZCVP3FJIVGFBPFRKV6QHQ","seat_id":"","price":1200},{"ticket_id":"69MYQZ1TKJMYVC98XGGCZX7E9H","number":"TDT-0000004","token":"AGXIOABEZGT274HKOKT3NRFDWCBT7U5ZGEAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAIAQAFVXWYPDDYXDY672KWXBE6DS7F3BQNJJXTLCYGMOX63RF56A6QDC4LB747INN6VH5CBFYRZ4KMFZGT4UWGFR6YVBSNAKNCADAXBNGIHA","seat_id":"","price":1200}]}', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887492086, 26, 'e83e4f78b35b2c92aa13bc2b89b6bd1c356fcea1ee81ee22f51587a3ecea98fc');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('69PDT42HEPJYCS07909SWFAJFV', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887599455, 36, '95660a9d89e3ae0a765988a9602e007363e1d3e38d1871d925133ad04691f570');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6AF6V0WVWDRMB8HFZTFGH4DHPP', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887590245, 35, '27d3a165f2e343d22bdc08823be2639f96212ded8eccc51b05e7c0e4f3be2e9e');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6BRTHVRG48MBKP42B9PTGQ94W5', 1795284000000, 'system:central', '', 'create_channel', 'de32b77eb03be91565fb4abdc6bd58bfc59000fbf6520fe1efb559f0652f90c7', '{"id":"7J87KV3NHNZY80MS1TVFDTJPV8","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"GUICHET","names":{"fr":"Guichet"},"kind":"box_office","contingents":[],"uncontingented":true,"max_places":25,"active":true,"hold_minutes":15,"hold_most_minutes":60}', '+"7J87KV3NHNZY80MS1TVFDTJPV8"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887341026, 17, '8a68e128811f144d06e05bee6c0e5dfd624d509252da1c52051b1e3b30c07cb6');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6C5728SZZQ3E7AJNQ0DBQANYHS', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887528108, 28, '519e8ed04c399c71de03b006c7eeaa02b15991380a03f9181f06b74e7e3f3ac1');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6D7F3FNWJ5WF77RBDKW1AJ89AK', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887555250, 31, '16afb2c97d6f6bfad454e9752cbaf43a1acb8d38024a67b948b4648e98d3963f');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6EQBNY35HQ4J4BAQPYE1WT57NF', 1795284000000, 'system:central', '', 'create_limit', '51897dcac609c43006182e49c90fb51e77aecbe4264fc0bbf7f27c8bba99454b', '{"id":"5E8M4HHHZG3FFK2KJQJ8Q8664X","context_id":"16MB62JEG8YCM3K1X2H4BP8EA3","code":"MOST","names":{"fr":"Au plus"},"per":"performance","most":500,"event_id":null,"performance_id":null,"channel_id":null,"tariff_id":null,"category_id":null,"contingent_id":null,"active":true}', '+"5E8M4HHHZG3FFK2KJQJ8Q8664X"', '16MB62JEG8YCM3K1X2H4BP8EA3', 1796093887444430, 24, 'fecf3d3e4f72566b5184d189a158a7e9bf2d105608450b23bfed5f7932932ead');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6H9JXKTCP7GJZV87VZKC42MZSF', 1795284000000, 'system:central', '', 'create_point_of_sale', 'a729915172cb7a0091791984a382ec05a529166f3ce48cc7d5dd3896163c2ffa', '{"id":"7N498S62XYH1FT7P1GCDVMZMB7","channel_id":"49QFF53K4YFNF0NZWX8FZ2D68Z","context_id":"6ZR8WEYB9YS9X2SY96K1QWMV1K","code":"B1","names":{"fr":"Borne"},"active":true}', '+"7N498S62XYH1FT7P1GCDVMZMB7"', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887384212, 20, '68f47c2c4f336905c9429f41544a891f5584feea033662a74f06b5e55a7ab827');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6JEYBWE5A9JE3ZQK0TPYP5BRRH', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887647315, 41, 'fe8db16a2648502036002f748230c679a1ad7f2681df86a1363ff39ce97487ae');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6MN54A5V1JDBKTKH960A0R5XB4', 1795284000000, 'system:central', '', 'hold_places', '2a987be65a0709d66d00474836259d5c665b1452e425741a8b043f8b9420392e', '{"hold_id":"43EEYT1RF66GKMWYENT2MAJFZR","point_of_sale_id":"73A2EKRRD4NEK474SJJ4P6W6ZD","performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","seats":["5AMFKRE44DQTQ9JB7YKPW29SMF","17KXHGAH9ZYD5S9CECBD1D9SPW"],"counted":[],"best":null,"contact_id":null}', '+{"hold_id":"43EEYT1RF66GKMWYENT2MAJFZR","until":"2026-11-21T18:15:00+00:00","latest":"2026-11-21T19:00:00+00:00","places":[{"allocation_id":"6MN54A5V1J3S9T4DRVWAE81TTT","seat_id":"5AMFKRE44DQTQ9JB7YKPW29SMF","gauge_id":null,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","contingent_id":""},{"allocation_id":"6MN54A5V1JMY3CG6MY74VMJWAA","seat_id":"17KXHGAH9ZYD5S9CECBD1D9SPW","gauge_id":null,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","contingent_id":""}]}', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887504254, 27, '3956b4571d30a792b89bede10604f889081e367f1da8133bd1a550344e167c6d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6PQZPGZBAD7KFJKN9ZKPTQ5QMK', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887735665, 50, 'c43172056dbd5268eff2142c2ae81fc519db7a63b2ae6eb84c8a161cd1ed4881');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6RY63ZSAGY5WTQNNH7Z55N89CE', 1795284000000, 'system:central', '', 'create_price_grid', '53d15348df14a86644415fba4805caaf16d3f244bd812891dd955972a26bf337', '{"id":"7Z4NJ17VMXSHW51E223B7FDH8B","context_id":"1G7AK1E6639DVYH5PX00BTJ5CN","code":"G1","names":{"fr":"Grille"},"currency":"EUR","prices":[{"category_id":"052JR2B7WDCVHHG3RPF48A61TP","tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","amount":2000},{"category_id":"62E1RB82A37JZFYMRTF9QNHMWE","tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","amount":1200},{"category_id":"052JR2B7WDCVHHG3RPF48A61TP","tariff_id":"3QP22XZY0DQN0EVSNHKG4PB7N2","amount":900}]}', '+"7Z4NJ17VMXSHW51E223B7FDH8B"', '1G7AK1E6639DVYH5PX00BTJ5CN', 1796093887328741, 16, '6390b7b408c2814d340aec9597742f6ad82aea398a3ea59dc4e2c9e92f6a3a80');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('6S9AKAF10N2WXNFTJ7SCR9BJYF', 1795284000000, 'system:central', '', 'place_order', '208130047a5aea49f12b2fa1de8c5ea6efc875074a75efedd44c7357f9d5b44d', '{"order_id":"0KB7CWQVXST80YQTF6JJ3PBR08","point_of_sale_id":"73A2EKRRD4NEK474SJJ4P6W6ZD","performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","places":[{"tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","seat_id":"4DQCAPC4MJRKNGPVAXSHYWD188","gauge_id":null},{"tariff_id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","seat_id":"2ZZ7P9X8ZBR884EAMZM4STDYC4","gauge_id":null}],"method":"cash","amount":4000,"reference":"","hold_id":null,"contact_id":null}', '+{"order_id":"0KB7CWQVXST80YQTF6JJ3PBR08","total":4000,"currency":"EUR","tickets":[{"ticket_id":"6S9AKAF10NT5EQJXMXKRX5J4NP","number":"TDT-0000001","token":"AGXIOABE3FFKNJ4ECXIV26LWTWPDUWISWYAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAEAQAENKB4AXLXPYRDSPMEYV7ERN5GEBLWBBSWVN7ULJ2M24ED3UHNSRDHID623KFK6JOZKPXKZJ2EFQLOKCKNI5OYZ5NOSAEVTLRFNWKMBQ","seat_id":"4DQCAPC4MJRKNGPVAXSHYWD188","price":2000},{"ticket_id":"6S9AKAF10N8SC38AWN72E5TMVF","number":"TDT-0000002","token":"AGXIOABE3FFKNJ4ECVDFQNBLSU4JYXKTN4AADTLAO7VWPOFY6MUG2QZJKU3FDMYAAEAQBYDAHM4XIQXA52UIX6CFCS2P7WTUGVSY3D36IDB6M6AY6YUJ3Z5IL4YASWCXGEEZ3JJPJ4QNP2WXMTNNRDG25T4WSSNHNNKVTFTEKUAA","seat_id":"2ZZ7P9X8ZBR884EAMZM4STDYC4","price":2000}]}', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 1796093887464804, 25, '9c493576015db88dd77aec4fb50c8b7f2a3ddcf4cfebd04d732cef30a19f31c9');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('7993PWKPQE5MX9DHTS23WKMNBC', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887695830, 46, '5ad9ea2054c88a2873da1cf8131d3990c697f43415084510c6c7f6c0c53c2cd5');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('7GJB3ZWN6Y5T28V1KC7EXQC2H5', 1795284000000, 'system:central', '', 'create_event', '885bc991c5d1982aa9efe4ca215cf8340ba56cbcc7705009af6a6d36151a0634', '{"id":"7N7GW2VPF1HMNH5VH9ANAZN22B","context_id":"02C5ERSFKV41CJQTSPRC49HB66","code":"CYRANO","names":{"fr":"Cyrano"},"vat_bp":550}', '+"7N7GW2VPF1HMNH5VH9ANAZN22B"', '02C5ERSFKV41CJQTSPRC49HB66', 1796093887391886, 21, 'c0c18a96e05dbccf7c13b2ea8b790b1549bbfe8feb09c4580459c6dc6630abf3');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('7HE9PXS208HCQ5SVFWKXGA8RPN', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887621089, 38, '794fba2d621d2be11086c42ff2f5746482148a05149ed2b40b84ba1468ac176f');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('7KM74CS7AKHE1ZXT3T3QBBSB5W', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887578000, 34, '069b32910ab497afc4b690593dbd60ebb3ac5b888642c20faa29294c9227cb0d');
INSERT INTO command_log (id, at, actor, origin, name, digest, body, answer, place, turn, seq, hash) VALUES ('7XMWM3MM3D8DP8B844EBXPJK3K', 1795284000000, 'system:specimen', '', 'specimen', '', '{}', '+null', NULL, 1796093887731349, 49, 'd4708df1ddeaf12fa67ff88c49f517df19b9dc5c07fcbd78d7decb48071b6117');
INSERT INTO context (id, parent_id, kind, code, names, settings) VALUES ('16MB62JEG8YCM3K1X2H4BP8EA3', NULL, 'institution', 'MAISON', '{"fr":"La maison"}', '{}');
INSERT INTO context (id, parent_id, kind, code, names, settings) VALUES ('6ZR8WEYB9YS9X2SY96K1QWMV1K', '16MB62JEG8YCM3K1X2H4BP8EA3', 'organiser', 'TDT', '{"fr":"Les Tilleuls"}', '{"currency":"EUR","licence":"PLATESV-R-2026-000009"}');
INSERT INTO context (id, parent_id, kind, code, names, settings) VALUES ('1G7AK1E6639DVYH5PX00BTJ5CN', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'season', 'S26', '{"fr":"Saison 26"}', '{}');
INSERT INTO context (id, parent_id, kind, code, names, settings) VALUES ('02C5ERSFKV41CJQTSPRC49HB66', '1G7AK1E6639DVYH5PX00BTJ5CN', 'activity', 'TH', '{"fr":"Théâtre"}', '{}');
INSERT INTO counter (name, value) VALUES ('log sealed', 0);
INSERT INTO counter (name, value) VALUES ('ticket/6ZR8WEYB9YS9X2SY96K1QWMV1K', 4);
INSERT INTO counter (name, value) VALUES ('version/operators', 5);
INSERT INTO counter (name, value) VALUES ('version/selling terms', 16);
INSERT INTO door_tally (day, caller, command, reason, times) VALUES ('2026-11-21', 'stranger', 'sign_in', 'wrong', 2);
INSERT INTO feed_head (feed, revision) VALUES ('catalogue/73A2EKRRD4NEK474SJJ4P6W6ZD', 1);
INSERT INTO feed_head (feed, revision) VALUES ('catalogue/7N498S62XYH1FT7P1GCDVMZMB7', 1);
INSERT INTO feed_head (feed, revision) VALUES ('performances/4Y948GM647G911DKEJ0EK1KMC6', 1);
INSERT INTO feed_head (feed, revision) VALUES ('plans/4Y948GM647G911DKEJ0EK1KMC6', 1);
INSERT INTO feed_head (feed, revision) VALUES ('tickets/4Y948GM647G911DKEJ0EK1KMC6', 4);
INSERT INTO feed_row (feed, key, revision, body) VALUES ('catalogue/73A2EKRRD4NEK474SJJ4P6W6ZD', '6DC1VYPSXRQ3SJGVA355AKCMDK', 1, '{"currency":"EUR","price_version":1,"vat_bp":550,"categories":[{"id":"052JR2B7WDCVHHG3RPF48A61TP","names":{"fr":"1re","en":"1re","de":"1re","es":"1re","it":"1re"},"colour":"#0072B2","rank":1}],"tariffs":[{"id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","names":{"fr":"Plein tarif","en":"Plein tarif","de":"Plein tarif","es":"Plein tarif","it":"Plein tarif"},"rank":1,"proof":false,"prices":{"052JR2B7WDCVHHG3RPF48A61TP":2000,"62E1RB82A37JZFYMRTF9QNHMWE":1200}},{"id":"3QP22XZY0DQN0EVSNHKG4PB7N2","names":{"fr":"Enfant","en":"Enfant","de":"Enfant","es":"Enfant","it":"Enfant"},"rank":2,"proof":true,"prices":{"052JR2B7WDCVHHG3RPF48A61TP":900}}],"max_places":25,"sell_until":"2026-11-21T20:30:00+00:00","mentions":{"licence":"PLATESV-R-2026-000009"},"number_prefix":"TDT-G1","organiser":{"fr":"Les Tilleuls","en":"Les Tilleuls","de":"Les Tilleuls","es":"Les Tilleuls","it":"Les Tilleuls"}}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('catalogue/7N498S62XYH1FT7P1GCDVMZMB7', '6DC1VYPSXRQ3SJGVA355AKCMDK', 1, '{"currency":"EUR","price_version":1,"vat_bp":550,"categories":[{"id":"052JR2B7WDCVHHG3RPF48A61TP","names":{"fr":"1re","en":"1re","de":"1re","es":"1re","it":"1re"},"colour":"#0072B2","rank":1}],"tariffs":[{"id":"42KSJNNNJHA5Q8G2F8XCRJZ7P2","names":{"fr":"Plein tarif","en":"Plein tarif","de":"Plein tarif","es":"Plein tarif","it":"Plein tarif"},"rank":1,"proof":false,"prices":{"052JR2B7WDCVHHG3RPF48A61TP":2000,"62E1RB82A37JZFYMRTF9QNHMWE":1200}},{"id":"3QP22XZY0DQN0EVSNHKG4PB7N2","names":{"fr":"Enfant","en":"Enfant","de":"Enfant","es":"Enfant","it":"Enfant"},"rank":2,"proof":true,"prices":{"052JR2B7WDCVHHG3RPF48A61TP":900}}],"max_places":10,"sell_until":"2026-11-21T20:30:00+00:00","mentions":{"licence":"PLATESV-R-2026-000009"},"number_prefix":"TDT-B1","organiser":{"fr":"Les Tilleuls","en":"Les Tilleuls","de":"Les Tilleuls","es":"Les Tilleuls","it":"Les Tilleuls"}}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('performances/4Y948GM647G911DKEJ0EK1KMC6', '6DC1VYPSXRQ3SJGVA355AKCMDK', 1, '{"event_names":{"fr":"Cyrano","en":"Cyrano","de":"Cyrano","es":"Cyrano","it":"Cyrano"},"starts":"2026-11-21T20:00:00+00:00","doors":"2026-11-21T18:30:00+00:00","closes":"2026-11-21T23:00:00+00:00","timezone":"Europe/Paris","plan_id":"464WE3X5YM2PJGR33AXN31CPBM","on_sale":true,"cancelled":false,"reentry_after_s":0,"policy":"admit_and_flag","zones":{"1":"Debout","0":"Parterre"},"venue":{"fr":"Théâtre des Tilleuls","en":"Théâtre des Tilleuls","de":"Théâtre des Tilleuls","es":"Théâtre des Tilleuls","it":"Théâtre des Tilleuls"}}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('plans/4Y948GM647G911DKEJ0EK1KMC6', '464WE3X5YM2PJGR33AXN31CPBM', 1, '{"name":"Soirée","width":400,"height":200,"seats":[{"id":"4DQCAPC4MJRKNGPVAXSHYWD188","zone":"Parterre","row":"A","number":"1","x":0.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":100,"wheelchair":false,"companion":false,"aisle":true,"zones":1},{"id":"2ZZ7P9X8ZBR884EAMZM4STDYC4","zone":"Parterre","row":"A","number":"2","x":25.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":60,"wheelchair":false,"companion":false,"aisle":false,"zones":1},{"id":"5AMFKRE44DQTQ9JB7YKPW29SMF","zone":"Parterre","row":"A","number":"3","x":50.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":20,"wheelchair":false,"companion":false,"aisle":false,"zones":1},{"id":"17KXHGAH9ZYD5S9CECBD1D9SPW","zone":"Parterre","row":"A","number":"4","x":75.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":20,"wheelchair":false,"companion":false,"aisle":false,"zones":1},{"id":"7F90NEN5CJXBZAF68TZ52WBQGM","zone":"Parterre","row":"A","number":"5","x":100.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":60,"wheelchair":false,"companion":false,"aisle":false,"zones":1},{"id":"0ABNCQEWQZ0MQSQPWQGDTZ56Y6","zone":"Parterre","row":"A","number":"6","x":125.0,"y":0.0,"category_id":"052JR2B7WDCVHHG3RPF48A61TP","quality":100,"wheelchair":false,"companion":false,"aisle":true,"zones":1}],"shapes":[]}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('tickets/4Y948GM647G911DKEJ0EK1KMC6', '69MYQZ1TKJH07XGBJ6M872R3BB', 3, '{"performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","serial":1,"cancelled":false,"blocked":false}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('tickets/4Y948GM647G911DKEJ0EK1KMC6', '69MYQZ1TKJMYVC98XGGCZX7E9H', 4, '{"performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","serial":1,"cancelled":false,"blocked":false}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('tickets/4Y948GM647G911DKEJ0EK1KMC6', '6S9AKAF10N8SC38AWN72E5TMVF', 2, '{"performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","serial":1,"cancelled":false,"blocked":false}');
INSERT INTO feed_row (feed, key, revision, body) VALUES ('tickets/4Y948GM647G911DKEJ0EK1KMC6', '6S9AKAF10NT5EQJXMXKRX5J4NP', 1, '{"performance_id":"6DC1VYPSXRQ3SJGVA355AKCMDK","serial":1,"cancelled":false,"blocked":false}');
INSERT INTO found (entity, entity_id, words) VALUES ('channel', '49QFF53K4YFNF0NZWX8FZ2D68Z', ' borne bornes ');
INSERT INTO found (entity, entity_id, words) VALUES ('channel', '7J87KV3NHNZY80MS1TVFDTJPV8', ' guichet ');
INSERT INTO found (entity, entity_id, words) VALUES ('context', '02C5ERSFKV41CJQTSPRC49HB66', ' th theatre ');
INSERT INTO found (entity, entity_id, words) VALUES ('context', '16MB62JEG8YCM3K1X2H4BP8EA3', ' maison la ');
INSERT INTO found (entity, entity_id, words) VALUES ('context', '1G7AK1E6639DVYH5PX00BTJ5CN', ' s26 saison 26 ');
INSERT INTO found (entity, entity_id, words) VALUES ('context', '6ZR8WEYB9YS9X2SY96K1QWMV1K', ' tdt les tilleuls ');
INSERT INTO found (entity, entity_id, words) VALUES ('contingent', '3W9QP3XYD1YRBJ1XHWH9N7F1EX', ' presse ');
INSERT INTO found (entity, entity_id, words) VALUES ('device', '04FJ5NX8W2HR1T22PVM8THF2YF', ' code label ');
INSERT INTO found (entity, entity_id, words) VALUES ('entrance', '65SGXSS5SX7MRYGK1EH1DR0QVB', ' code nom ');
INSERT INTO found (entity, entity_id, words) VALUES ('event', '7N7GW2VPF1HMNH5VH9ANAZN22B', ' cyrano ');
INSERT INTO found (entity, entity_id, words) VALUES ('logical_configuration', '464WE3X5YM2PJGR33AXN31CPBM', ' soiree ');
INSERT INTO found (entity, entity_id, words) VALUES ('operator', '76VWYHVK712H80EDX5NN3JBR3V', ' admin ');
INSERT INTO found (entity, entity_id, words) VALUES ('operator_letter', '7J8JSKNVXJEJ3GQXG0Q73P9HX3', '  ');
INSERT INTO found (entity, entity_id, words) VALUES ('operator_profile', '6QSPTEYMGAZGMVKX9XBB7BPEXG', ' code nom ');
INSERT INTO found (entity, entity_id, words) VALUES ('physical_configuration', '1F57V2JC26SDVG8WWJJWGD94XZ', ' p1 plan ');
INSERT INTO found (entity, entity_id, words) VALUES ('physical_zone', '3NMTGFKKNACR2VJWCXNB5R44DR', ' debout ');
INSERT INTO found (entity, entity_id, words) VALUES ('physical_zone', '47220EG0J41JCTF31PHKJNY9H4', ' parterre ');
INSERT INTO found (entity, entity_id, words) VALUES ('point_of_sale', '73A2EKRRD4NEK474SJJ4P6W6ZD', ' g1 guichet ');
INSERT INTO found (entity, entity_id, words) VALUES ('point_of_sale', '7N498S62XYH1FT7P1GCDVMZMB7', ' b1 borne ');
INSERT INTO found (entity, entity_id, words) VALUES ('price_grid', '7Z4NJ17VMXSHW51E223B7FDH8B', ' g1 grille ');
INSERT INTO found (entity, entity_id, words) VALUES ('release_rule', '5PYAN52F17FDVAYA9SKSXPVX02', ' code nom ');
INSERT INTO found (entity, entity_id, words) VALUES ('sale_limit', '5E8M4HHHZG3FFK2KJQJ8Q8664X', ' most au plus ');
INSERT INTO found (entity, entity_id, words) VALUES ('seat_category', '052JR2B7WDCVHHG3RPF48A61TP', ' cat1 1re ');
INSERT INTO found (entity, entity_id, words) VALUES ('seat_category', '62E1RB82A37JZFYMRTF9QNHMWE', ' debout ');
INSERT INTO found (entity, entity_id, words) VALUES ('site', '4Y948GM647G911DKEJ0EK1KMC6', ' tilleuls theatre des ');
INSERT INTO found (entity, entity_id, words) VALUES ('space', '60QWS7M89PQGJ72AZBJNZV9YTF', ' grande salle ');
INSERT INTO found (entity, entity_id, words) VALUES ('tariff', '3QP22XZY0DQN0EVSNHKG4PB7N2', ' child enfant ');
INSERT INTO found (entity, entity_id, words) VALUES ('tariff', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', ' full plein tarif ');
INSERT INTO found (entity, entity_id, words) VALUES ('webhook', '3K9XJYSDEJEVH0HQDFN6Q2EV1H', ' code nom ');
INSERT INTO house_key (name, fingerprint, since) VALUES ('root', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 1795284000000);
INSERT INTO limit_count (limit_id, of_id, scope, n) VALUES ('5E8M4HHHZG3FFK2KJQJ8Q8664X', '6DC1VYPSXRQ3SJGVA355AKCMDK', '133001cc1314cc2a', 6);
INSERT INTO list_view (id, operator_id, entity, name, query) VALUES ('4YHMRY9F6JEN98YW16S5YAGP0B', '04FJ5NX8W2HR1T22PVM8THF2YF', 'tariff', 'Vue', '');
INSERT INTO outbox (id, kind, body, due, tries, state, last_error, claimed_until, lane) VALUES ('1A98NR6RJJYKB5C435C6AB52VK', 'mail', '{}', 1795284000000, 0, 'done', '', NULL, NULL);
INSERT INTO passage (id, scan_id, device_id, passed) VALUES ('3N7Q4PV5H2S5DT7EP7V2YE3NF5', '6F6Z2KW6JAH2JKKK3VM7JE2T1R', '04FJ5NX8W2HR1T22PVM8THF2YF', 1);
INSERT INTO place_change (performance_id, category_id, contingent_id, shard, revision, seats) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '052JR2B7WDCVHHG3RPF48A61TP', '', 0, 1, '[null]');
INSERT INTO place_change (performance_id, category_id, contingent_id, shard, revision, seats) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '052JR2B7WDCVHHG3RPF48A61TP', '', 0, 2, '["4DQCAPC4MJRKNGPVAXSHYWD188","2ZZ7P9X8ZBR884EAMZM4STDYC4"]');
INSERT INTO place_change (performance_id, category_id, contingent_id, shard, revision, seats) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '052JR2B7WDCVHHG3RPF48A61TP', '', 0, 3, '["5AMFKRE44DQTQ9JB7YKPW29SMF","17KXHGAH9ZYD5S9CECBD1D9SPW"]');
INSERT INTO plan_action (id, target, target_id, version, at, who, act, what, why, places, of_id, changes) VALUES ('69VVB80T7X5S71D546YKQ2BT58', 'physical', '1NSPGPNPZQADZ0ZBNRDE4629A3', 1, 1795284000000, 'who', 'invalidate', '{}', 'why', 1, NULL, 'changes');
INSERT INTO scan (id, device_id, site_id, performance_id, ticket_id, serial, gate, direction, at, admitted, reason, entry, persons, fact_id) VALUES ('6F6Z2KW6JAH2JKKK3VM7JE2T1R', '04FJ5NX8W2HR1T22PVM8THF2YF', '4Y948GM647G911DKEJ0EK1KMC6', '6DC1VYPSXRQ3SJGVA355AKCMDK', '69MYQZ1TKJH07XGBJ6M872R3BB', 1, 'A', 'entry', 1795284000000, 1, 'reason', 1, 1, NULL);
INSERT INTO schema_made (revision, fingerprint, at) VALUES ('0020', '3ad036a891982cd76deeb22f4d0261c580fd0c50d7797c0586662a919e1af779', 1796093887029);
INSERT INTO sign_in_attempt (id, subject, wrong, last, locked_until) VALUES ('1RHC0FYENE0RTKFDTB8GARMKSP', 'subject', 1, 1795284000000, 1795284000000);
INSERT INTO sign_in_place (id, typed_email, seen, operator_id) VALUES ('1NM9JXA3W6N4H96W08JV041YF6', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1795284000000, NULL);
INSERT INTO subject_key (subject, kind, key, since, used, due) VALUES ('76VWYHVK712H80EDX5NN3JBR3V', 'connection', '7d0eccc9b4fdec33e0d8555ce261cfa3b08617dd512a1992fa421531f27b7d4b', 1795284000000, 1795284000000, NULL);
INSERT INTO subject_key (subject, kind, key, since, used, due) VALUES ('76VWYHVK712H80EDX5NN3JBR3V', 'contact', '34f1588cbc44797edd1055bf34b02dde516a9a1806d7afab0533977f8bb6c117', 1795284000000, 1795284000000, NULL);
INSERT INTO subject_key (subject, kind, key, since, used, due) VALUES ('76VWYHVK712H80EDX5NN3JBR3V', 'identity', '95bbfaf41a69d34fd9aaddfbcfc7c85926e931a53d4140d5a5f29058837210ea', 1795284000000, 1795284000000, NULL);
INSERT INTO account (id, context_id, kind, currency) VALUES ('1JGVKCY2NXBWKKKHGKBPRWCNFK', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'cash', 'EUR');
INSERT INTO account (id, context_id, kind, currency) VALUES ('2S29NQQ1V9DR5HYWJJZ4J4JB6M', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'revenue', 'EUR');
INSERT INTO account (id, context_id, kind, currency) VALUES ('48ZT3ZDXQWH6CZT03PH1MXJ1ZR', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'card', 'EUR');
INSERT INTO account (id, context_id, kind, currency) VALUES ('60C0EWM846G0CS6MS1AWWQY3NT', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'deferred', 'EUR');
INSERT INTO account (id, context_id, kind, currency) VALUES ('6TK6JB3PHE4T63BTVK9W07YH4Y', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'customers', 'EUR');
INSERT INTO admission (id, ticket_id, entry, performance_id, scan_id, site_id, at, gate) VALUES ('5JR4QAES0EPK3H0ZTEAH1HV61G', '69MYQZ1TKJH07XGBJ6M872R3BB', 1, 'performance_id', '6F6Z2KW6JAH2JKKK3VM7JE2T1R', 'site_id', 1795284000000, 'A');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 0, 'logical_configuration', '464WE3X5YM2PJGR33AXN31CPBM', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 1, 'logical_zone', '3093R5N27Z22SJ9XZW7D8W9AK1', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 2, 'logical_gauge', '4SPSGTD62A4YJMFB8CFE8QM07C', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 3, 'logical_category', '058RDBQV6JD6XBV176RBVA2HCH', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('058RDBQV6JGGPREA3S49E7RRJ0', 4, 'logical_category', '058RDBQV6J1V90QV46JZ2HFZKS', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('0CPVMK2SDCKWGR1A4X1ACHWKWS', 0, 'snapshot', '217HWP93Z9M7FGEH0Q6V92S467', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('0G2SVGQ3FATXJRNXBXS6ZM9HZW', 0, 'context', '16MB62JEG8YCM3K1X2H4BP8EA3', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('0G2SVGQ3FATXJRNXBXS6ZM9HZW', 1, 'operator', '76VWYHVK712H80EDX5NN3JBR3V', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('0G2SVGQ3FATXJRNXBXS6ZM9HZW', 2, 'operator_grant', '0G2SVGQ3FA55T706H8AJS0GP59', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('11N70TEM1VQDZJZ701F8YJSHWE', 0, 'lease', '1EVM2GRPRY1GVTJVYXH3TKXHHR', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('13MX2RN6GPPJY45HEPV8WGZGZW', 0, 'webhook_delivery', '60RTE2M2ZGJTTHWHXJR3MKYG1P', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 0, 'performance', '6DC1VYPSXRQ3SJGVA355AKCMDK', 'changed', '{"state":["draft","on_sale"]}');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 1, 'account', '2S29NQQ1V9DR5HYWJJZ4J4JB6M', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 2, 'account', '6TK6JB3PHE4T63BTVK9W07YH4Y', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 3, 'account', '48ZT3ZDXQWH6CZT03PH1MXJ1ZR', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 4, 'account', '1JGVKCY2NXBWKKKHGKBPRWCNFK', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('155XR2GAY736PPVJ2GWFQRWVXH', 5, 'account', '60C0EWM846G0CS6MS1AWWQY3NT', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('15V415N7898BX2YAG98ZF1FBST', 0, 'plan_action', '69VVB80T7X5S71D546YKQ2BT58', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('175AVTKKQ0A1713EFCRN170ACJ', 0, 'passage', '3N7Q4PV5H2S5DT7EP7V2YE3NF5', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('1W63SJZHNM1A1AN554ZPWEPHEW', 0, 'physical_zone', '3NMTGFKKNACR2VJWCXNB5R44DR', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('25AHBDXC17D08JKEBJCNR4K1ZD', 0, 'context', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('25M5YCCFSGDRKG67PZ3SE6X1TQ', 0, 'space', '60QWS7M89PQGJ72AZBJNZV9YTF', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('26VAPPE8X0JVVSCJ67VRYRP26A', 0, 'site', '4Y948GM647G911DKEJ0EK1KMC6', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('28NH1Q4Y4YHDZ3Z5WYP6ZTA9FN', 0, 'sign_in_attempt', '1RHC0FYENE0RTKFDTB8GARMKSP', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2PQ4K74XXJT1A5ZCBC3Y46NZ8B', 0, 'physical_configuration', '1F57V2JC26SDVG8WWJJWGD94XZ', 'changed', '{"state":["draft","validated"]}');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2T8KZ9MN7ZF0ZBJN45YKSMCR27', 0, 'performance', '6DC1VYPSXRQ3SJGVA355AKCMDK', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2T8KZ9MN7ZF0ZBJN45YKSMCR27', 1, 'gauge', '2TNXXJJNNN6WKEVRFWRT8MYV86', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2Y4TYZEV401NMEEJJ3WRY5RZ7X', 0, 'fact', '0KJJG6Z7JWV48WVD2NK85HW61C', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2YZKCZT8NTGD782QQ562GD59QM', 0, 'physical_configuration', '1F57V2JC26SDVG8WWJJWGD94XZ', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2YZKCZT8NTGD782QQ562GD59QM', 1, 'physical_zone', '47220EG0J41JCTF31PHKJNY9H4', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2YZKCZT8NTGD782QQ562GD59QM', 2, 'plan_file', '1TH2FZQ93P7EPBRR1HRBGBZ6MM', 'changed', '{"sha256":[null,"f4eeee464461a96df5a10f35f6e47bc04733b566b04bf8c027ed2c6f988bf3ef"]}');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('2ZD20AWEPRF6VBAA85Q16R1QBE', 0, 'context', '1G7AK1E6639DVYH5PX00BTJ5CN', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('32DFJ8FTNDHCV8EPD5PA9M8FMA', 0, 'tariff', '3QP22XZY0DQN0EVSNHKG4PB7N2', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('3D0FHTRDYMGJKW05P260149GFM', 0, 'device', '04FJ5NX8W2HR1T22PVM8THF2YF', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('3HD28F2DH84PPDTAMA3PRW80FE', 0, 'contingent', '3W9QP3XYD1YRBJ1XHWH9N7F1EX', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('3RNB2BP20G75PP42RDTRGB7JJQ', 0, 'point_of_sale', '73A2EKRRD4NEK474SJJ4P6W6ZD', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('3RNHSQCEV8FTZNPX6KZDMA2EWF', 0, 'shop_picture', '2QCT1QZV0A17WTGXHESM41ER6A', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('48KG0CC77Q3DW3TH3BMHNQE3T5', 0, 'operator_perimeter', '48B26DZKFTF9MR0XFSTHTY5BZ6', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('4A4S6YD8N5D7QC2S2A7XKDCD7A', 0, 'seat_category', '052JR2B7WDCVHHG3RPF48A61TP', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('4CR1KWYTP4FV13Z3YWTGSAMN81', 0, 'admission', '5JR4QAES0EPK3H0ZTEAH1HV61G', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('4HPVWR213487J3BXFME2QH2K3Q', 0, 'context', '02C5ERSFKV41CJQTSPRC49HB66', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('4XZCRWSZR0V54MGTD8VMXB4ET2', 0, 'release_rule', '5PYAN52F17FDVAYA9SKSXPVX02', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('4ZTNN0ZXT57FZWWTXCDE6KA7WN', 0, 'operator_session', '038T7KMRNWMG6KG31WJXM0JANJ', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('5TNP9M8D81XXQ76GPPD3ZWQ3KH', 0, 'tariff', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('653DA06W465Z6EF8MK2GER4ZYC', 0, 'channel', '49QFF53K4YFNF0NZWX8FZ2D68Z', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('66P6ZVDJSPYPBQA4BGK5F9BK7E', 0, 'seat_category', '62E1RB82A37JZFYMRTF9QNHMWE', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('69MYQZ1TKJDB6KD690P2XZEJX2', 0, 'allocation', '69MYQZ1TKJQ07JTMPBSDJHPJJ5', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('69MYQZ1TKJDB6KD690P2XZEJX2', 1, 'allocation', '69MYQZ1TKJQG7QKBARRYQE76SZ', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('69MYQZ1TKJDB6KD690P2XZEJX2', 2, 'sale_order', '0GT1V307257XHSZT87DWHG697R', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('69PDT42HEPJYCS07909SWFAJFV', 0, 'operator_letter', '7J8JSKNVXJEJ3GQXG0Q73P9HX3', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6AF6V0WVWDRMB8HFZTFGH4DHPP', 0, 'entrance', '65SGXSS5SX7MRYGK1EH1DR0QVB', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6BRTHVRG48MBKP42B9PTGQ94W5', 0, 'channel', '7J87KV3NHNZY80MS1TVFDTJPV8', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6C5728SZZQ3E7AJNQ0DBQANYHS', 0, 'anomaly', '6C52AQCDNHPBTW1W5TSRC8JR7C', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6D7F3FNWJ5WF77RBDKW1AJ89AK', 0, 'scan', '6F6Z2KW6JAH2JKKK3VM7JE2T1R', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6EQBNY35HQ4J4BAQPYE1WT57NF', 0, 'sale_limit', '5E8M4HHHZG3FFK2KJQJ8Q8664X', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6H9JXKTCP7GJZV87VZKC42MZSF', 0, 'point_of_sale', '7N498S62XYH1FT7P1GCDVMZMB7', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6JEYBWE5A9JE3ZQK0TPYP5BRRH', 0, 'webhook', '3K9XJYSDEJEVH0HQDFN6Q2EV1H', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6MN54A5V1JDBKTKH960A0R5XB4', 0, 'hold', '43EEYT1RF66GKMWYENT2MAJFZR', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6MN54A5V1JDBKTKH960A0R5XB4', 1, 'allocation', '6MN54A5V1JMY3CG6MY74VMJWAA', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6MN54A5V1JDBKTKH960A0R5XB4', 2, 'allocation', '6MN54A5V1J3S9T4DRVWAE81TTT', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6PQZPGZBAD7KFJKN9ZKPTQ5QMK', 0, 'lease_slot', '27MX606W7ZNX767KBC4P29P7AD', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6RY63ZSAGY5WTQNNH7Z55N89CE', 0, 'price_grid', '7Z4NJ17VMXSHW51E223B7FDH8B', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6RY63ZSAGY5WTQNNH7Z55N89CE', 1, 'price', '52EMAASWPXPWB2TGPXCD1QRAAV', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6RY63ZSAGY5WTQNNH7Z55N89CE', 2, 'price', '0TV7VYRPH0R4YD6PC3XS1TVHN7', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6RY63ZSAGY5WTQNNH7Z55N89CE', 3, 'price', '12YEYHE7SRAMKEXXTXE2BY2TY1', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6S9AKAF10N2WXNFTJ7SCR9BJYF', 0, 'allocation', '6S9AKAF10N63A5RDM3KK24VAYQ', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6S9AKAF10N2WXNFTJ7SCR9BJYF', 1, 'allocation', '6S9AKAF10NZP7TBRDSVJB00R59', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('6S9AKAF10N2WXNFTJ7SCR9BJYF', 2, 'sale_order', '0KB7CWQVXST80YQTF6JJ3PBR08', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('7993PWKPQE5MX9DHTS23WKMNBC', 0, 'zone_entrance', '130GG7MTQMYQ0YPGMZXVYB0SPP', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('7GJB3ZWN6Y5T28V1KC7EXQC2H5', 0, 'event', '7N7GW2VPF1HMNH5VH9ANAZN22B', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('7HE9PXS208HCQ5SVFWKXGA8RPN', 0, 'operator_role', '7M6X3N3RR7155PJVGWPVTHQS68', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('7KM74CS7AKHE1ZXT3T3QBBSB5W', 0, 'operator_profile', '6QSPTEYMGAZGMVKX9XBB7BPEXG', 'created', '');
INSERT INTO audit (command_id, n, entity, entity_id, action, change) VALUES ('7XMWM3MM3D8DP8B844EBXPJK3K', 0, 'release_firing', '63KMB1HDW8VVYBD4JGBFM05M6M', 'created', '');
INSERT INTO channel (id, context_id, code, names, kind, contingents, uncontingented, max_places, active, hold_minutes, hold_most_minutes) VALUES ('49QFF53K4YFNF0NZWX8FZ2D68Z', '16MB62JEG8YCM3K1X2H4BP8EA3', 'BORNE', '{"fr":"Bornes"}', 'kiosk', '[]', 1, 10, 1, 15, 60);
INSERT INTO channel (id, context_id, code, names, kind, contingents, uncontingented, max_places, active, hold_minutes, hold_most_minutes) VALUES ('7J87KV3NHNZY80MS1TVFDTJPV8', '16MB62JEG8YCM3K1X2H4BP8EA3', 'GUICHET', '{"fr":"Guichet"}', 'box_office', '[]', 1, 25, 1, 15, 60);
INSERT INTO command_prints (command_id, prints) VALUES ('6PQZPGZBAD7KFJKN9ZKPTQ5QMK', '{"lease_slot":{"27MX606W7ZNX767KBC4P29P7AD":"4eDkNv964vCTJZFnKS2R"}}');
INSERT INTO event (id, context_id, code, names, vat_bp) VALUES ('7N7GW2VPF1HMNH5VH9ANAZN22B', '02C5ERSFKV41CJQTSPRC49HB66', 'CYRANO', '{"fr":"Cyrano"}', 550);
INSERT INTO operator (id, context_id, kind, name, email, language, active, key_digest, password, totp, totp_step, recovery) VALUES ('76VWYHVK712H80EDX5NN3JBR3V', '16MB62JEG8YCM3K1X2H4BP8EA3', 'program', 'Admin', NULL, 'fr', 1, '79ed216167e4da80c015a7a97acfc5baf6ba756e8708ae9f54eebea9dc10bf3b', '', '', 0, '[]');
INSERT INTO operator_profile (id, context_id, code, names, privileges, second_factor) VALUES ('6QSPTEYMGAZGMVKX9XBB7BPEXG', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'code', '{"fr":"Nom"}', '[]', 0);
INSERT INTO price_grid (id, context_id, code, names, currency, version) VALUES ('7Z4NJ17VMXSHW51E223B7FDH8B', '1G7AK1E6639DVYH5PX00BTJ5CN', 'G1', '{"fr":"Grille"}', 'EUR', 1);
INSERT INTO seat_category (id, context_id, code, names, colour, rank) VALUES ('052JR2B7WDCVHHG3RPF48A61TP', '16MB62JEG8YCM3K1X2H4BP8EA3', 'CAT1', '{"fr":"1re"}', '#0072B2', 1);
INSERT INTO seat_category (id, context_id, code, names, colour, rank) VALUES ('62E1RB82A37JZFYMRTF9QNHMWE', '16MB62JEG8YCM3K1X2H4BP8EA3', 'DEBOUT', '{"fr":"Debout"}', '#009E73', 2);
INSERT INTO site (id, context_id, code, names, address, timezone) VALUES ('4Y948GM647G911DKEJ0EK1KMC6', '16MB62JEG8YCM3K1X2H4BP8EA3', 'TILLEULS', '{"fr":"Théâtre des Tilleuls"}', '12 allée', 'Europe/Paris');
INSERT INTO tariff (id, context_id, code, names, rank, proof) VALUES ('3QP22XZY0DQN0EVSNHKG4PB7N2', '1G7AK1E6639DVYH5PX00BTJ5CN', 'CHILD', '{"fr":"Enfant"}', 2, 1);
INSERT INTO tariff (id, context_id, code, names, rank, proof) VALUES ('42KSJNNNJHA5Q8G2F8XCRJZ7P2', '1G7AK1E6639DVYH5PX00BTJ5CN', 'FULL', '{"fr":"Plein tarif"}', 1, 0);
INSERT INTO contingent (id, context_id, code, names, colour, external_channel_id) VALUES ('3W9QP3XYD1YRBJ1XHWH9N7F1EX', '16MB62JEG8YCM3K1X2H4BP8EA3', 'PRESSE', '{"fr":"Presse"}', '#999999', NULL);
INSERT INTO entrance (id, site_id, code, names, zones) VALUES ('65SGXSS5SX7MRYGK1EH1DR0QVB', '4Y948GM647G911DKEJ0EK1KMC6', 'code', '{"fr":"Nom"}', 1);
INSERT INTO move (id, at, debit_id, credit_id, amount, currency, order_id, note) VALUES ('0GT1V30725J3A8QWJWG45GFKZ4', 1795284000000, '1JGVKCY2NXBWKKKHGKBPRWCNFK', '6TK6JB3PHE4T63BTVK9W07YH4Y', 2400, 'EUR', '0GT1V307257XHSZT87DWHG697R', 'payment');
INSERT INTO move (id, at, debit_id, credit_id, amount, currency, order_id, note) VALUES ('0GT1V30725PJCN3HY3EFYRVA90', 1795284000000, '6TK6JB3PHE4T63BTVK9W07YH4Y', '2S29NQQ1V9DR5HYWJJZ4J4JB6M', 2400, 'EUR', '0GT1V307257XHSZT87DWHG697R', 'sale');
INSERT INTO move (id, at, debit_id, credit_id, amount, currency, order_id, note) VALUES ('0KB7CWQVXS0CHQM55X80EB7E9C', 1795284000000, '6TK6JB3PHE4T63BTVK9W07YH4Y', '2S29NQQ1V9DR5HYWJJZ4J4JB6M', 4000, 'EUR', '0KB7CWQVXST80YQTF6JJ3PBR08', 'sale');
INSERT INTO move (id, at, debit_id, credit_id, amount, currency, order_id, note) VALUES ('0KB7CWQVXS7CKND4CKWWHDXEWA', 1795284000000, '1JGVKCY2NXBWKKKHGKBPRWCNFK', '6TK6JB3PHE4T63BTVK9W07YH4Y', 4000, 'EUR', '0KB7CWQVXST80YQTF6JJ3PBR08', 'payment');
INSERT INTO operator_grant (id, operator_id, context_id, privilege) VALUES ('0G2SVGQ3FA55T706H8AJS0GP59', '76VWYHVK712H80EDX5NN3JBR3V', '16MB62JEG8YCM3K1X2H4BP8EA3', '*');
INSERT INTO operator_letter (id, operator_id, kind, token_digest, asked, until, used, email, asked_by) VALUES ('7J8JSKNVXJEJ3GQXG0Q73P9HX3', '76VWYHVK712H80EDX5NN3JBR3V', 'invitation', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 1795284000000, 1795291200000, NULL, NULL, NULL);
INSERT INTO operator_perimeter (id, operator_id, kind, object_id) VALUES ('48B26DZKFTF9MR0XFSTHTY5BZ6', '76VWYHVK712H80EDX5NN3JBR3V', 'point_of_sale', 'object_id');
INSERT INTO operator_role (id, operator_id, profile_id, context_id) VALUES ('7M6X3N3RR7155PJVGWPVTHQS68', '76VWYHVK712H80EDX5NN3JBR3V', '6QSPTEYMGAZGMVKX9XBB7BPEXG', '6ZR8WEYB9YS9X2SY96K1QWMV1K');
INSERT INTO operator_session (id, operator_id, token_digest, began, seen, until, address, browser, second_factor, confirmed) VALUES ('038T7KMRNWMG6KG31WJXM0JANJ', '76VWYHVK712H80EDX5NN3JBR3V', 'token_digest', 1795284000000, 1795284000000, 1795284000000, 'address', 'browser', 0, NULL);
INSERT INTO point_of_sale (id, channel_id, context_id, code, names, active) VALUES ('73A2EKRRD4NEK474SJJ4P6W6ZD', '7J87KV3NHNZY80MS1TVFDTJPV8', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'G1', '{"fr":"Guichet"}', 1);
INSERT INTO point_of_sale (id, channel_id, context_id, code, names, active) VALUES ('7N498S62XYH1FT7P1GCDVMZMB7', '49QFF53K4YFNF0NZWX8FZ2D68Z', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'B1', '{"fr":"Borne"}', 1);
INSERT INTO price (id, grid_id, category_id, tariff_id, amount) VALUES ('0TV7VYRPH0R4YD6PC3XS1TVHN7', '7Z4NJ17VMXSHW51E223B7FDH8B', '62E1RB82A37JZFYMRTF9QNHMWE', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 1200);
INSERT INTO price (id, grid_id, category_id, tariff_id, amount) VALUES ('12YEYHE7SRAMKEXXTXE2BY2TY1', '7Z4NJ17VMXSHW51E223B7FDH8B', '052JR2B7WDCVHHG3RPF48A61TP', '3QP22XZY0DQN0EVSNHKG4PB7N2', 900);
INSERT INTO price (id, grid_id, category_id, tariff_id, amount) VALUES ('52EMAASWPXPWB2TGPXCD1QRAAV', '7Z4NJ17VMXSHW51E223B7FDH8B', '052JR2B7WDCVHHG3RPF48A61TP', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 2000);
INSERT INTO snapshot (id, site_id, version, file, text, kid, signature) VALUES ('217HWP93Z9M7FGEH0Q6V92S467', '4Y948GM647G911DKEJ0EK1KMC6', 1, 'file', 'text', 'kid', 'signature');
INSERT INTO space (id, site_id, code, names) VALUES ('60QWS7M89PQGJ72AZBJNZV9YTF', '4Y948GM647G911DKEJ0EK1KMC6', 'GRANDE', '{"fr":"Grande salle"}');
INSERT INTO webhook (id, context_id, code, names, url, commands, entities, active, operator_id, secret, old_secret, old_until, since, failing) VALUES ('3K9XJYSDEJEVH0HQDFN6Q2EV1H', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'code', '{"fr":"Nom"}', 'https://example.org/hook', '[]', '[]', 0, '76VWYHVK712H80EDX5NN3JBR3V', 'secret', 'old_secret', NULL, 1795284000000, NULL);
INSERT INTO device (id, context_id, site_id, point_of_sale_id, kind, code, label, state, kid, public_key, certificate, code_digest, code_until, contiguous, head, lease_epoch) VALUES ('04FJ5NX8W2HR1T22PVM8THF2YF', '6ZR8WEYB9YS9X2SY96K1QWMV1K', '4Y948GM647G911DKEJ0EK1KMC6', '7N498S62XYH1FT7P1GCDVMZMB7', 'central', 'code', 'label', 'invited', 'kid', 'public_key', 'certificate', 'code_digest', NULL, 0, 'head', 1);
INSERT INTO physical_configuration (id, space_id, code, names, state, drawing, gauge) VALUES ('1F57V2JC26SDVG8WWJJWGD94XZ', '60QWS7M89PQGJ72AZBJNZV9YTF', 'P1', '{"fr":"Plan"}', 'validated', '{"width":400,"height":200,"categories":[{"name":"1re","colour":"#0072B2"}],"shapes":[]}', 0);
INSERT INTO sale_order (id, context_id, channel_id, point_of_sale_id, state, currency, total, placed, device_id, receipt, contact_id) VALUES ('0GT1V307257XHSZT87DWHG697R', '6ZR8WEYB9YS9X2SY96K1QWMV1K', '7J87KV3NHNZY80MS1TVFDTJPV8', '73A2EKRRD4NEK474SJJ4P6W6ZD', 'sold', 'EUR', 2400, 1795284000000, NULL, NULL, NULL);
INSERT INTO sale_order (id, context_id, channel_id, point_of_sale_id, state, currency, total, placed, device_id, receipt, contact_id) VALUES ('0KB7CWQVXST80YQTF6JJ3PBR08', '6ZR8WEYB9YS9X2SY96K1QWMV1K', '7J87KV3NHNZY80MS1TVFDTJPV8', '73A2EKRRD4NEK474SJJ4P6W6ZD', 'sold', 'EUR', 4000, 1795284000000, NULL, NULL, NULL);
INSERT INTO webhook_delivery (id, webhook_id, event, body, made, state, tries, tried, next_try, answer, why, took) VALUES ('60RTE2M2ZGJTTHWHXJR3MKYG1P', '3K9XJYSDEJEVH0HQDFN6Q2EV1H', 'event', 'body', 1795284000000, 'waiting', 1, NULL, NULL, NULL, 'why', 1);
INSERT INTO fact (id, device_id, seq, kind, fact_id, at, received, clock, body, prev, hash, state, why, reason) VALUES ('0KJJG6Z7JWV48WVD2NK85HW61C', '04FJ5NX8W2HR1T22PVM8THF2YF', 2, 'scan', '6F6Z2KW6JAH2JKKK3VM7JE2T1R', 1795284000000, 1795284000000, 'clock', 'body', 'prev', 'hash', 'taken', 'why', NULL);
INSERT INTO fact_gap (device_id, first_seq, last_seq) VALUES ('04FJ5NX8W2HR1T22PVM8THF2YF', 1, 1);
INSERT INTO logical_configuration (id, physical_configuration_id, context_id, code, names, state) VALUES ('464WE3X5YM2PJGR33AXN31CPBM', '1F57V2JC26SDVG8WWJJWGD94XZ', '1G7AK1E6639DVYH5PX00BTJ5CN', 'SOIREE', '{"fr":"Soirée"}', 'validated');
INSERT INTO payment (id, order_id, method, amount, reference, at) VALUES ('69MYQZ1TKJ01Y291H35SW726ZQ', '0GT1V307257XHSZT87DWHG697R', 'cash', 2400, '', 1795284000000);
INSERT INTO payment (id, order_id, method, amount, reference, at) VALUES ('6S9AKAF10N88EE0DV5H7JMXSXZ', '0KB7CWQVXST80YQTF6JJ3PBR08', 'cash', 4000, '', 1795284000000);
INSERT INTO physical_zone (id, configuration_id, name, numbered, capacity, control) VALUES ('3NMTGFKKNACR2VJWCXNB5R44DR', '1F57V2JC26SDVG8WWJJWGD94XZ', 'Debout', 0, 20, 2);
INSERT INTO physical_zone (id, configuration_id, name, numbered, capacity, control) VALUES ('47220EG0J41JCTF31PHKJNY9H4', '1F57V2JC26SDVG8WWJJWGD94XZ', 'Parterre', 1, 6, 1);
INSERT INTO plan_file (id, configuration_id, text) VALUES ('1TH2FZQ93P7EPBRR1HRBGBZ6MM', '1F57V2JC26SDVG8WWJJWGD94XZ', '{
  "name": "Petite salle",
  "categories": [
    {
      "name": "1re",
      "color": "#0072B2"
    }
  ],
  "zones": [
    {
      "name": "Parterre",
      "position": {
        "x": 0,
        "y": 0
      },
      "rows": [
        {
          "row_number": "A",
          "row_number_position": "both",
          "position": {
            "x": 0,
            "y": 0
          },
          "seats": [
            {
              "seat_number": "1",
              "seat_guid": "0-0",
              "position": {
                "x": 0,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            },
            {
              "seat_number": "2",
              "seat_guid": "0-1",
              "position": {
                "x": 25,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            },
            {
              "seat_number": "3",
              "seat_guid": "0-2",
              "position": {
                "x": 50,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            },
            {
              "seat_number": "4",
              "seat_guid": "0-3",
              "position": {
                "x": 75,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            },
            {
              "seat_number": "5",
              "seat_guid": "0-4",
              "position": {
                "x": 100,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            },
            {
              "seat_number": "6",
              "seat_guid": "0-5",
              "position": {
                "x": 125,
                "y": 0
              },
              "category": "1re",
              "radius": 10
            }
          ]
        }
      ],
      "areas": []
    }
  ],
  "size": {
    "width": 400,
    "height": 200
  }
}
');
INSERT INTO logical_category (id, configuration_id, category_id, colour, options) VALUES ('058RDBQV6J1V90QV46JZ2HFZKS', '464WE3X5YM2PJGR33AXN31CPBM', '62E1RB82A37JZFYMRTF9QNHMWE', '', 1);
INSERT INTO logical_category (id, configuration_id, category_id, colour, options) VALUES ('058RDBQV6JD6XBV176RBVA2HCH', '464WE3X5YM2PJGR33AXN31CPBM', '052JR2B7WDCVHHG3RPF48A61TP', '', 1);
INSERT INTO logical_gauge (id, configuration_id, zone_id, contingent_id, capacity, blocked) VALUES ('4SPSGTD62A4YJMFB8CFE8QM07C', '464WE3X5YM2PJGR33AXN31CPBM', '3NMTGFKKNACR2VJWCXNB5R44DR', '', 20, 0);
INSERT INTO logical_zone (id, configuration_id, zone_id, category_id, capacity) VALUES ('3093R5N27Z22SJ9XZW7D8W9AK1', '464WE3X5YM2PJGR33AXN31CPBM', '3NMTGFKKNACR2VJWCXNB5R44DR', '62E1RB82A37JZFYMRTF9QNHMWE', 20);
INSERT INTO performance (id, event_id, context_id, site_id, logical_configuration_id, price_grid_id, state, starts, doors, closes, sell_until, reentry_after_s, policy, note) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '7N7GW2VPF1HMNH5VH9ANAZN22B', '02C5ERSFKV41CJQTSPRC49HB66', '4Y948GM647G911DKEJ0EK1KMC6', '464WE3X5YM2PJGR33AXN31CPBM', '7Z4NJ17VMXSHW51E223B7FDH8B', 'on_sale', 1795291200000, 1795285800000, 1795302000000, 1795293000000, 0, 'admit_and_flag', '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('0ABNCQEWQZ0MQSQPWQGDTZ56Y6', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 5, 'A', '6', '0-5', 125.0, 0.0, 100, 0, 0, 1, '1re', 0, NULL, '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('17KXHGAH9ZYD5S9CECBD1D9SPW', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 3, 'A', '4', '0-3', 75.0, 0.0, 20, 0, 0, 0, '1re', 0, NULL, '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('2ZZ7P9X8ZBR884EAMZM4STDYC4', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 1, 'A', '2', '0-1', 25.0, 0.0, 60, 0, 0, 0, '1re', 0, NULL, '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('4DQCAPC4MJRKNGPVAXSHYWD188', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 0, 'A', '1', '0-0', 0.0, 0.0, 100, 0, 0, 1, '1re', 0, NULL, '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('5AMFKRE44DQTQ9JB7YKPW29SMF', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 2, 'A', '3', '0-2', 50.0, 0.0, 20, 0, 0, 0, '1re', 0, NULL, '');
INSERT INTO physical_seat (id, configuration_id, zone_id, position, row_name, number, guid, x, y, quality, wheelchair, companion, aisle, category, restricted, companion_of, invalid) VALUES ('7F90NEN5CJXBZAF68TZ52WBQGM', '1F57V2JC26SDVG8WWJJWGD94XZ', '47220EG0J41JCTF31PHKJNY9H4', 4, 'A', '5', '0-4', 100.0, 0.0, 60, 0, 0, 0, '1re', 0, NULL, '');
INSERT INTO shop_picture (id, configuration_id, picture) VALUES ('2QCT1QZV0A17WTGXHESM41ER6A', '464WE3X5YM2PJGR33AXN31CPBM', 'data:image/png;base64,iVBORw0KGgo=');
INSERT INTO zone_entrance (id, zone_id, entrance_id) VALUES ('130GG7MTQMYQ0YPGMZXVYB0SPP', '47220EG0J41JCTF31PHKJNY9H4', '65SGXSS5SX7MRYGK1EH1DR0QVB');
INSERT INTO gauge (id, performance_id, zone_id, category_id, contingent_id, capacity, taken, blocked, zones) VALUES ('2TNXXJJNNN6WKEVRFWRT8MYV86', '6DC1VYPSXRQ3SJGVA355AKCMDK', '3NMTGFKKNACR2VJWCXNB5R44DR', '62E1RB82A37JZFYMRTF9QNHMWE', '', 20, 2, 0, 2);
INSERT INTO hold (id, performance_id, point_of_sale_id, contact_id, state, since, until, latest) VALUES ('43EEYT1RF66GKMWYENT2MAJFZR', '6DC1VYPSXRQ3SJGVA355AKCMDK', '73A2EKRRD4NEK474SJJ4P6W6ZD', NULL, 'active', 1795284000000, 1795284900000, 1795287600000);
INSERT INTO lease (id, device_id, performance_id, state, text, kid, signature, issued, sell_until) VALUES ('1EVM2GRPRY1GVTJVYXH3TKXHHR', '04FJ5NX8W2HR1T22PVM8THF2YF', '6DC1VYPSXRQ3SJGVA355AKCMDK', 'active', 'text', 'kid', 'signature', 1795284000000, 1795284000000);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YM2MQ8865WWYWMT8T3', '464WE3X5YM2PJGR33AXN31CPBM', '5AMFKRE44DQTQ9JB7YKPW29SMF', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YM5XQEHQEP1DXQ05SR', '464WE3X5YM2PJGR33AXN31CPBM', '0ABNCQEWQZ0MQSQPWQGDTZ56Y6', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YMD8A4TKXYG8AFHJPB', '464WE3X5YM2PJGR33AXN31CPBM', '2ZZ7P9X8ZBR884EAMZM4STDYC4', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YMDNQJHPN73F78H5PN', '464WE3X5YM2PJGR33AXN31CPBM', '7F90NEN5CJXBZAF68TZ52WBQGM', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YMX2HFX0HHVJYFTQYZ', '464WE3X5YM2PJGR33AXN31CPBM', '4DQCAPC4MJRKNGPVAXSHYWD188', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO logical_seat (id, configuration_id, seat_id, category_id, contingent_id, blocked, quality) VALUES ('464WE3X5YMYSG4AZF8P3TZRKF4', '464WE3X5YM2PJGR33AXN31CPBM', '17KXHGAH9ZYD5S9CECBD1D9SPW', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', NULL);
INSERT INTO order_line (id, order_id, performance_id, allocation_id, seat_id, category_id, tariff_id, price, vat_bp) VALUES ('0GT1V307259N0A2YZXFFBE1R4A', '0GT1V307257XHSZT87DWHG697R', '6DC1VYPSXRQ3SJGVA355AKCMDK', '69MYQZ1TKJQ07JTMPBSDJHPJJ5', NULL, '62E1RB82A37JZFYMRTF9QNHMWE', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 1200, 550);
INSERT INTO order_line (id, order_id, performance_id, allocation_id, seat_id, category_id, tariff_id, price, vat_bp) VALUES ('0GT1V30725BW6SMFH8E4YHKVJF', '0GT1V307257XHSZT87DWHG697R', '6DC1VYPSXRQ3SJGVA355AKCMDK', '69MYQZ1TKJQG7QKBARRYQE76SZ', NULL, '62E1RB82A37JZFYMRTF9QNHMWE', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 1200, 550);
INSERT INTO order_line (id, order_id, performance_id, allocation_id, seat_id, category_id, tariff_id, price, vat_bp) VALUES ('0KB7CWQVXS38RJ3XDJSZR7D1EP', '0KB7CWQVXST80YQTF6JJ3PBR08', '6DC1VYPSXRQ3SJGVA355AKCMDK', '6S9AKAF10N63A5RDM3KK24VAYQ', '2ZZ7P9X8ZBR884EAMZM4STDYC4', '052JR2B7WDCVHHG3RPF48A61TP', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 2000, 550);
INSERT INTO order_line (id, order_id, performance_id, allocation_id, seat_id, category_id, tariff_id, price, vat_bp) VALUES ('0KB7CWQVXS7K7E47WE5GNT83Q5', '0KB7CWQVXST80YQTF6JJ3PBR08', '6DC1VYPSXRQ3SJGVA355AKCMDK', '6S9AKAF10NZP7TBRDSVJB00R59', '4DQCAPC4MJRKNGPVAXSHYWD188', '052JR2B7WDCVHHG3RPF48A61TP', '42KSJNNNJHA5Q8G2F8XCRJZ7P2', 2000, 550);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('0FWKJ9RRQYMR795QH9S72RBG4C', '6DC1VYPSXRQ3SJGVA355AKCMDK', '2ZZ7P9X8ZBR884EAMZM4STDYC4', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('1KQT3Q5RPABSF096PHTD81AV52', '6DC1VYPSXRQ3SJGVA355AKCMDK', '17KXHGAH9ZYD5S9CECBD1D9SPW', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('30DM3608Y1C8JHB3RJGNDY62MV', '6DC1VYPSXRQ3SJGVA355AKCMDK', '7F90NEN5CJXBZAF68TZ52WBQGM', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('34BG4P2YS6VDYT7FEX9R0JKGPR', '6DC1VYPSXRQ3SJGVA355AKCMDK', '0ABNCQEWQZ0MQSQPWQGDTZ56Y6', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('438451WE9VRXJN3V5ARRA83FYB', '6DC1VYPSXRQ3SJGVA355AKCMDK', '4DQCAPC4MJRKNGPVAXSHYWD188', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place (id, performance_id, seat_id, category_id, contingent_id, blocked, zones, quality) VALUES ('4M0A31HXJJ5ZX77HVB3MDD5PDA', '6DC1VYPSXRQ3SJGVA355AKCMDK', '5AMFKRE44DQTQ9JB7YKPW29SMF', '052JR2B7WDCVHHG3RPF48A61TP', NULL, '', 1, NULL);
INSERT INTO place_count (performance_id, category_id, contingent_id, shard, capacity, free, blocked, held, leased, optioned, sold, revision) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '052JR2B7WDCVHHG3RPF48A61TP', '', 0, 6, 2, 0, 2, 0, 0, 2, 3);
INSERT INTO place_count (performance_id, category_id, contingent_id, shard, capacity, free, blocked, held, leased, optioned, sold, revision) VALUES ('6DC1VYPSXRQ3SJGVA355AKCMDK', '62E1RB82A37JZFYMRTF9QNHMWE', '', 0, 20, 18, 0, 0, 0, 0, 2, 0);
INSERT INTO release_rule (id, context_id, code, names, contingent_id, to_contingent_id, event_id, performance_id, at, before_s, active) VALUES ('5PYAN52F17FDVAYA9SKSXPVX02', '6ZR8WEYB9YS9X2SY96K1QWMV1K', 'code', '{"fr":"Nom"}', '3W9QP3XYD1YRBJ1XHWH9N7F1EX', '3W9QP3XYD1YRBJ1XHWH9N7F1EX', '7N7GW2VPF1HMNH5VH9ANAZN22B', '6DC1VYPSXRQ3SJGVA355AKCMDK', NULL, NULL, 0);
INSERT INTO sale_limit (id, context_id, code, names, per, most, event_id, performance_id, channel_id, tariff_id, category_id, contingent_id, active) VALUES ('5E8M4HHHZG3FFK2KJQJ8Q8664X', '16MB62JEG8YCM3K1X2H4BP8EA3', 'MOST', '{"fr":"Au plus"}', 'performance', 500, NULL, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('69MYQZ1TKJQ07JTMPBSDJHPJJ5', '6DC1VYPSXRQ3SJGVA355AKCMDK', NULL, '2TNXXJJNNN6WKEVRFWRT8MYV86', 1, 'sold', '0GT1V307257XHSZT87DWHG697R', NULL, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, '42KSJNNNJHA5Q8G2F8XCRJZ7P2');
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('69MYQZ1TKJQG7QKBARRYQE76SZ', '6DC1VYPSXRQ3SJGVA355AKCMDK', NULL, '2TNXXJJNNN6WKEVRFWRT8MYV86', 1, 'sold', '0GT1V307257XHSZT87DWHG697R', NULL, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, '42KSJNNNJHA5Q8G2F8XCRJZ7P2');
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('6MN54A5V1J3S9T4DRVWAE81TTT', '6DC1VYPSXRQ3SJGVA355AKCMDK', '5AMFKRE44DQTQ9JB7YKPW29SMF', NULL, 1, 'held', '43EEYT1RF66GKMWYENT2MAJFZR', 1795284900000, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, NULL);
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('6MN54A5V1JMY3CG6MY74VMJWAA', '6DC1VYPSXRQ3SJGVA355AKCMDK', '17KXHGAH9ZYD5S9CECBD1D9SPW', NULL, 1, 'held', '43EEYT1RF66GKMWYENT2MAJFZR', 1795284900000, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, NULL);
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('6S9AKAF10N63A5RDM3KK24VAYQ', '6DC1VYPSXRQ3SJGVA355AKCMDK', '2ZZ7P9X8ZBR884EAMZM4STDYC4', NULL, 1, 'sold', '0KB7CWQVXST80YQTF6JJ3PBR08', NULL, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, '42KSJNNNJHA5Q8G2F8XCRJZ7P2');
INSERT INTO allocation (id, performance_id, seat_id, gauge_id, quantity, state, holder_id, until, channel_id, contact_id, tariff_id) VALUES ('6S9AKAF10NZP7TBRDSVJB00R59', '6DC1VYPSXRQ3SJGVA355AKCMDK', '4DQCAPC4MJRKNGPVAXSHYWD188', NULL, 1, 'sold', '0KB7CWQVXST80YQTF6JJ3PBR08', NULL, '7J87KV3NHNZY80MS1TVFDTJPV8', NULL, '42KSJNNNJHA5Q8G2F8XCRJZ7P2');
INSERT INTO entitlement (id, line_id, performance_id, zones, entries, cancelled) VALUES ('69MYQZ1TKJH07XGBJ6M872R3BB', '0GT1V307259N0A2YZXFFBE1R4A', '6DC1VYPSXRQ3SJGVA355AKCMDK', 2, 1, 0);
INSERT INTO entitlement (id, line_id, performance_id, zones, entries, cancelled) VALUES ('69MYQZ1TKJMYVC98XGGCZX7E9H', '0GT1V30725BW6SMFH8E4YHKVJF', '6DC1VYPSXRQ3SJGVA355AKCMDK', 2, 1, 0);
INSERT INTO entitlement (id, line_id, performance_id, zones, entries, cancelled) VALUES ('6S9AKAF10N8SC38AWN72E5TMVF', '0KB7CWQVXS38RJ3XDJSZR7D1EP', '6DC1VYPSXRQ3SJGVA355AKCMDK', 1, 1, 0);
INSERT INTO entitlement (id, line_id, performance_id, zones, entries, cancelled) VALUES ('6S9AKAF10NT5EQJXMXKRX5J4NP', '0KB7CWQVXS7K7E47WE5GNT83Q5', '6DC1VYPSXRQ3SJGVA355AKCMDK', 1, 1, 0);
INSERT INTO release_firing (id, rule_id, performance_id, contingent_id, to_contingent_id, places, at) VALUES ('63KMB1HDW8VVYBD4JGBFM05M6M', '5PYAN52F17FDVAYA9SKSXPVX02', '6DC1VYPSXRQ3SJGVA355AKCMDK', '52K49B94EC3AAM3FBMAMWYZSXC', NULL, 1, 1795284000000);
INSERT INTO lease_slot (id, lease_id, slot, allocation_id, category_id, seat_id, zones, state, order_id) VALUES ('27MX606W7ZNX767KBC4P29P7AD', '1EVM2GRPRY1GVTJVYXH3TKXHHR', 1, '6S9AKAF10NZP7TBRDSVJB00R59', '4YT0NGX7CYZJCMENV8VTMQJ4JK', NULL, 1, 'free', NULL);
INSERT INTO ticket (id, entitlement_id, serial, number, token, issued) VALUES ('69MYQZ1TKJGDNQEHZDPQRVG643', '69MYQZ1TKJMYVC98XGGCZX7E9H', 1, 'TDT-0000004', 'AGXIOABEZGT274HKOKT3NRFDWCBT7U5ZGEAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAIAQAFVXWYPDDYXDY672KWXBE6DS7F3BQNJJXTLCYGMOX63RF56A6QDC4LB747INN6VH5CBFYRZ4KMFZGT4UWGFR6YVBSNAKNCADAXBNGIHA', 1795284000000);
INSERT INTO ticket (id, entitlement_id, serial, number, token, issued) VALUES ('69MYQZ1TKJY1E4AF93SZ7HYAK0', '69MYQZ1TKJH07XGBJ6M872R3BB', 1, 'TDT-0000003', 'AGXIOABEZGT274HKOKEA7WBOI2RA4LANNMAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAIAQBBDKWPKXHWDLYKVOMV3IMQVR2B4Z7Q35FLWRORHJSJOKQS45PDGH7E7T6QL24I3YSXRBBTKT6WXUNFFAQ6SZCVP3FJIVGFBPFRKV6QHQ', 1795284000000);
INSERT INTO ticket (id, entitlement_id, serial, number, token, issued) VALUES ('6S9AKAF10NT48SFGD0PATRP8QG', '6S9AKAF10N8SC38AWN72E5TMVF', 1, 'TDT-0000002', 'AGXIOABE3FFKNJ4ECVDFQNBLSU4JYXKTN4AADTLAO7VWPOFY6MUG2QZJKU3FDMYAAEAQBYDAHM4XIQXA52UIX6CFCS2P7WTUGVSY3D36IDB6M6AY6YUJ3Z5IL4YASWCXGEEZ3JJPJ4QNP2WXMTNNRDG25T4WSSNHNNKVTFTEKUAA', 1795284000000);
INSERT INTO ticket (id, entitlement_id, serial, number, token, issued) VALUES ('6S9AKAF10NWH1ZDD9EK403YGDW', '6S9AKAF10NT5EQJXMXKRX5J4NP', 1, 'TDT-0000001', 'AGXIOABE3FFKNJ4ECXIV26LWTWPDUWISWYAADTLAO7VWPOFY6MUG2QZJKU3FDMYAAEAQAENKB4AXLXPYRDSPMEYV7ERN5GEBLWBBSWVN7ULJ2M24ED3UHNSRDHID623KFK6JOZKPXKZJ2EFQLOKCKNI5OYZ5NOSAEVTLRFNWKMBQ', 1795284000000);
