/*
 * A PKCS#11 module in front of another one, which answers as that one does until the file
 * $ODD_MODULE_FILE names something else. Compiled by odd-module.ts.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pkcs11/pkcs11.h>

static CK_FUNCTION_LIST ours;
static CK_FUNCTION_LIST_PTR real;
static int opened;

static int is(const char *what) {
  char line[64] = "";
  FILE *file = fopen(getenv("ODD_MODULE_FILE"), "r");
  if (file == NULL) return 0;
  if (fgets(line, sizeof line, file) == NULL) line[0] = 0;
  fclose(file);
  line[strcspn(line, "\n")] = 0;
  return strcmp(line, what) == 0;
}

/* Another private key of the token, when there is one. */
static CK_OBJECT_HANDLE other(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
  CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}};
  CK_OBJECT_HANDLE found[16];
  CK_ULONG count = 0;
  real->C_FindObjectsInit(session, template, 1);
  real->C_FindObjects(session, found, 16, &count);
  real->C_FindObjectsFinal(session);
  for (CK_ULONG i = 0; i < count; i++)
    if (found[i] != key) return found[i];
  return key;
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR how, CK_OBJECT_HANDLE key) {
  if (is("hang in C_SignInit")) for (;;) pause();
  if (is("left over")) real->C_SignInit(session, how, key);
  return real->C_SignInit(session, how, is("other-key") ? other(session, key) : key);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR raw, CK_ULONG_PTR size) {
  if (is("hang")) for (;;) pause();
  if (is("crash")) abort();
  if (is("exit")) _exit(0);
  if (is("garbage")) write(3, "\0\0\0\10\377\377garbage", 13); /* where its process answers */
  if (is("half an answer")) write(3, "\177\377\377\377", 4);
  if (is("closes all")) for (int file = 3; file < 64; file++) close(file);
  if (is("own value")) return CKR_VENDOR_DEFINED | 7;
  if (is("token gone")) return CKR_DEVICE_REMOVED;
  if (is("device error")) return CKR_DEVICE_ERROR;
  if (is("no value")) return 0x7fffffff;
  CK_RV value = real->C_Sign(session, data, length, raw, size);
  if (value != CKR_OK) return value;
  if (is("flipped-bit")) raw[40] ^= 1;
  if (is("zeros")) memset(raw, 0, 64);
  if (is("short")) *size = 63;
  if (is("long")) *size = 65;
  if (is("nothing")) *size = 0;
  if (is("whole buffer")) *size = 144;
  return value;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR app, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session) {
  if (is("few sessions") && opened >= 2) return CKR_SESSION_COUNT;
  if (is("no sessions") && opened >= 1) return CKR_SESSION_COUNT;
  CK_RV value = real->C_OpenSession(slot, flags, app, notify, session);
  if (value == CKR_OK) opened += 1;
  return value;
}

static CK_RV close_session(CK_SESSION_HANDLE session) {
  opened -= 1;
  return real->C_CloseSession(session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_CHAR_PTR pin, CK_ULONG length) {
  FILE *file = fopen(getenv("ODD_MODULE_LOGINS"), "a");
  fputs("login\n", file);
  fclose(file);
  if (is("hang in C_Login")) for (;;) pause();
  if (is("PIN locked")) return CKR_PIN_LOCKED;
  if (is("PIN expired")) return CKR_PIN_EXPIRED;
  return real->C_Login(session, user, pin, length);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV value = real->C_GetTokenInfo(slot, info);
  if (is("one try left")) info->flags |= CKF_USER_PIN_FINAL_TRY;
  if (is("says locked")) info->flags |= CKF_USER_PIN_LOCKED;
  return value;
}

static CK_RV attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR all, CK_ULONG count) {
  CK_RV value = real->C_GetAttributeValue(session, object, all, count);
  if (value != CKR_OK || all[0].pValue == NULL) return value;
  CK_BYTE_PTR bytes = all[0].pValue;
  if (all[0].type == CKA_EC_POINT) {
    if (is("point off its curve")) bytes[all[0].ulValueLen - 1] ^= 1;
    if (is("short point")) all[0].ulValueLen -= 1;
    if (is("compressed point")) bytes[2] = 2;
    if (is("bare point")) memmove(bytes, bytes + 2, all[0].ulValueLen -= 2);
  }
  if (all[0].type == CKA_SENSITIVE && is("not sensitive")) bytes[0] = 0;
  if (all[0].type == CKA_SIGN && is("may not sign")) bytes[0] = 0;
  if (all[0].type == CKA_ALWAYS_AUTHENTICATE && is("asks each time")) bytes[0] = 1;
  if (all[0].type == CKA_EXTRACTABLE && is("extractable")) bytes[0] = 1;
  return value;
}

static CK_RV initialize(CK_VOID_PTR arguments) {
  if (is("hang in C_Initialize")) for (;;) pause();
  if (is("already initialised")) {
    real->C_Initialize(arguments);
    return CKR_CRYPTOKI_ALREADY_INITIALIZED;
  }
  return real->C_Initialize(arguments);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  if (is("no functions")) return CKR_GENERAL_ERROR;
  if (real == NULL) {
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(
        dlopen(getenv("ODD_MODULE_BEHIND"), RTLD_NOW | RTLD_LOCAL), "C_GetFunctionList");
    get(&real);
    ours = *real;
    ours.C_Initialize = initialize;
    ours.C_GetTokenInfo = token_info;
    ours.C_OpenSession = open_session;
    ours.C_CloseSession = close_session;
    ours.C_Login = login;
    ours.C_GetAttributeValue = attributes;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
  }
  *list = &ours;
  return CKR_OK;
}
