import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Reads a certificate and its EC key, in PEM. */
class Certificate {
    private static final char[] UNUSED = new char[0];

    static SSLContext fromEnvironment() throws IOException, GeneralSecurityException {
        var pem = Files.readString(Path.of(System.getenv("TLS_KEY")));
        var key = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, UNUSED);
        try (var file = Files.newInputStream(Path.of(System.getenv("TLS_CERT")))) {
            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(file);
            var privateKey = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(key));
            store.setKeyEntry("server", privateKey, UNUSED, new java.security.cert.Certificate[] {certificate});
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, UNUSED);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
