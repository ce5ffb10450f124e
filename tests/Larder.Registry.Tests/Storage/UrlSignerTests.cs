using System.Net;
using System.Text;
using System.Web;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Larder.Registry.Errors;
using Larder.Registry.Storage.Blobs;
using Larder.Registry.Tests.Jobs;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Registry.Tests.Storage;

/// <summary>
/// Signing with an identity, which needs a certificate and a token service: the service's answer to the request for a key is given here, everything
/// else is real. Signing with an account key is tested against Azurite (<see cref="JobFilesTests"/>).
/// </summary>
public sealed class UrlSignerTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly KeyService _service = new();
    private readonly BlobContainerClient _container;
    private readonly UrlSigner _signer;

    public UrlSignerTests()
    {
        var options = BlobClients.Options();
        options.Transport = new HttpClientTransport(_service);
        options.Retry.MaxRetries = 0;
        var account = new BlobServiceClient(new Uri("https://pantry.blob.core.windows.net"), new Token(), options);
        _container = account.GetBlobContainerClient("job-x");
        _signer = new UrlSigner(account, _time);
    }

    [Fact]
    public async Task A_URL_says_who_gave_it_what_it_is_good_for_and_until_when()
    {
        var url = await SignAsync(TimeSpan.FromHours(1));
        var query = HttpUtility.ParseQueryString(url.Query);

        Assert.Equal("https://pantry.blob.core.windows.net/job-x/a/b", url.GetLeftPart(UriPartial.Path));
        Assert.Equal(("r", "b", "https", KeyService.Identity), (query["sp"], query["sr"], query["spr"], query["skoid"]));
        // Storage whose clock is behind would not take a URL with a start yet.
        Assert.Null(query["st"]);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromHours(1), DateTimeOffset.Parse(query["se"]!));
        Assert.NotEmpty(query["sig"]!);

        var all = HttpUtility.ParseQueryString((await _signer.ContainerAsync(_container, BlobContainerSasPermissions.Create, TimeSpan.FromHours(1), default)).Query);
        Assert.Equal(("c", "c"), (all["sp"], all["sr"]));
    }

    [Fact]
    public async Task A_key_serves_until_it_would_end_before_the_URL()
    {
        for (var i = 0; i < 5; i++)
            await SignAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, _service.Keys);

        _time.Advance(TimeSpan.FromDays(6));
        await SignAsync(TimeSpan.FromHours(1));
        Assert.Equal(1, _service.Keys);
        await SignAsync(TimeSpan.FromDays(2));
        Assert.Equal(2, _service.Keys);
    }

    [Fact]
    public async Task No_URL_outlives_what_the_service_allows()
    {
        var query = HttpUtility.ParseQueryString((await SignAsync(TimeSpan.FromDays(30))).Query);

        var end = DateTimeOffset.Parse(query["se"]!);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromDays(7) - TimeSpan.FromHours(1), end);
        Assert.True(end <= DateTimeOffset.Parse(query["ske"]!));
    }

    [Fact]
    public async Task A_refusal_of_the_service_is_an_outage_and_says_no_secret()
    {
        _service.Refuses = true;

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(() => SignAsync(TimeSpan.FromHours(1)));

        Assert.Contains("AuthorizationPermissionMismatch", refused.Message);
        Assert.DoesNotContain("token-of-the-test", refused.ToString());
    }

    private Task<Uri> SignAsync(TimeSpan life) => _signer.BlobAsync(_container.GetBlobClient("a/b"), BlobSasPermissions.Read, life, default);

    private sealed class Token : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext context, CancellationToken cancellationToken) =>
            new("token-of-the-test", DateTimeOffset.UtcNow.AddHours(1));

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext context, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(context, cancellationToken));
    }

    private sealed class KeyService : HttpMessageHandler
    {
        public const string Identity = "11111111-2222-3333-4444-555555555555";

        public int Keys { get; private set; }

        /// <summary>As for an identity without the role.</summary>
        public bool Refuses { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("?restype=service&comp=userdelegationkey", request.RequestUri!.Query);
            var asked = await request.Content!.ReadAsStringAsync(cancellationToken);
            Keys++;
            string Between(string tag) => asked.Split($"<{tag}>")[1].Split($"</{tag}>")[0];
            var key = $"""
                <?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>{Identity}</SignedOid><SignedTid>{Identity}</SignedTid>
                <SignedStart>{Between("Start")}</SignedStart><SignedExpiry>{Between("Expiry")}</SignedExpiry><SignedService>b</SignedService>
                <SignedVersion>2020-02-10</SignedVersion><Value>{Convert.ToBase64String(new byte[32])}</Value></UserDelegationKey>
                """;
            const string refusal = """
                <?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>No role.</Message></Error>
                """;
            return new HttpResponseMessage(Refuses ? HttpStatusCode.Forbidden : HttpStatusCode.OK)
            {
                Content = new StringContent(Refuses ? refusal : key, Encoding.UTF8, "application/xml"),
            };
        }
    }
}
