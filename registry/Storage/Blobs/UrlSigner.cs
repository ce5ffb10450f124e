using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Sas;

namespace Larder.Registry.Storage.Blobs;

/// <summary>
/// URLs that open one blob or container for a while (service SAS). Signed with the account's key when the client has it, else with a key that
/// the service gives to the client's identity (user delegation).
/// </summary>
internal sealed class UrlSigner(BlobServiceClient account, TimeProvider time)
{
    // The clock of the storage service may be behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    // The service gives a key for seven days from its start at most.
    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(7) - TimeSpan.FromHours(1);

    // Concurrent callers may each fetch a key; the last one is kept, and every one of them is valid.
    private volatile UserDelegationKey? _cached;

    public Task<Uri> BlobAsync(BlobClient blob, BlobSasPermissions permissions, TimeSpan life, CancellationToken cancellationToken)
    {
        var grant = new BlobSasBuilder { BlobContainerName = blob.BlobContainerName, BlobName = blob.Name, Resource = "b" };
        grant.SetPermissions(permissions);
        return SignAsync(blob.Uri, grant, blob.GenerateSasUri, life, cancellationToken);
    }

    public Task<Uri> ContainerAsync(BlobContainerClient container, BlobContainerSasPermissions permissions, TimeSpan life, CancellationToken cancellationToken)
    {
        var grant = new BlobSasBuilder { BlobContainerName = container.Name, Resource = "c" };
        grant.SetPermissions(permissions);
        return SignAsync(container.Uri, grant, container.GenerateSasUri, life, cancellationToken);
    }

    private async Task<Uri> SignAsync(
        Uri resource, BlobSasBuilder grant, Func<BlobSasBuilder, Uri> signWithAccountKey, TimeSpan life, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(life, TimeSpan.Zero);
        var now = time.GetUtcNow();
        // No start: storage, whose clock may be behind this one, would not take the URL yet.
        grant.ExpiresOn = now + life;
        // An emulator may have no certificate.
        grant.Protocol = resource.Scheme == Uri.UriSchemeHttp ? SasProtocol.HttpsAndHttp : SasProtocol.Https;
        if (account.CanGenerateAccountSasUri)
            return signWithAccountKey(grant);

        var longest = now + KeyLife;
        grant.ExpiresOn = grant.ExpiresOn < longest ? grant.ExpiresOn : longest;
        var key = await KeyAsync(now, grant.ExpiresOn, cancellationToken);
        return new BlobUriBuilder(resource) { Sas = grant.ToSasQueryParameters(key, account.AccountName) }.ToUri();
    }

    private async Task<UserDelegationKey> KeyAsync(DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (_cached is { } known && known.SignedExpiresOn >= until)
            return known;
        return _cached = await BlobFailures.GuardAsync(
            async () => (UserDelegationKey)await account.GetUserDelegationKeyAsync(now - ClockSkew, now + KeyLife, cancellationToken), cancellationToken);
    }
}
