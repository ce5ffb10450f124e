using Larder.Registry.Storage;
using Larder.Registry.Storage.Cosmos;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.Options;

namespace Larder.Registry.Tests.Storage.Cosmos;

public sealed class CosmosOptionsTests
{
    private static readonly CosmosOptions Right = new() { Endpoint = "https://larder.documents.azure.com:443/" };

    public static TheoryData<CosmosOptions, string> Wrong => new()
    {
        { Right with { Endpoint = "" }, "Store:Cosmos:Endpoint" },
        { Right with { Endpoint = "larder" }, "Store:Cosmos:Endpoint" },
        { Right with { Endpoint = "http://larder.documents.azure.com/" }, "Store:Cosmos:Endpoint" },
        { Right with { Key = "not base64!" }, "Store:Cosmos:Key" },
        { Right with { Database = "" }, "Store:Cosmos:Database" },
        { Right with { Database = "a/b" }, "Store:Cosmos:Database" },
        { Right with { Mode = (ConnectionMode)7 }, "Store:Cosmos:Mode" },
        { Right with { Consistency = (CosmosConsistency)9 }, "Store:Cosmos:Consistency" },
        { Right with { Create = true }, "Store:Cosmos:Create" },
        { Right with { ThrottleRetries = -1 }, "Store:Cosmos:ThrottleRetries" },
        { Right with { ThrottleWait = TimeSpan.FromHours(1) }, "Store:Cosmos:ThrottleWait" },
        { Right with { Timeout = TimeSpan.Zero }, "Store:Cosmos:Timeout" },
        { Right with { AnyCertificate = true }, "Store:Cosmos:AnyCertificate" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_setting_is_refused_by_its_name(CosmosOptions options, string setting)
    {
        var error = Assert.Throws<OptionsValidationException>(() => CosmosClients.Create(options));

        Assert.StartsWith($"Setting {setting}: ", Assert.Single(error.Failures));
    }

    [Theory]
    [InlineData(ConnectionMode.Gateway, CosmosConsistency.Account, null)]
    [InlineData(ConnectionMode.Direct, CosmosConsistency.Strong, ConsistencyLevel.Strong)]
    [InlineData(ConnectionMode.Direct, CosmosConsistency.BoundedStaleness, ConsistencyLevel.BoundedStaleness)]
    [InlineData(ConnectionMode.Gateway, CosmosConsistency.Session, ConsistencyLevel.Session)]
    public void The_client_is_made_as_the_settings_say(ConnectionMode mode, CosmosConsistency consistency, ConsistencyLevel? level)
    {
        var options = Right with
        {
            Mode = mode,
            Consistency = consistency,
            ThrottleRetries = 4,
            ThrottleWait = TimeSpan.FromSeconds(7),
            LimitToEndpoint = true,
        };
        using var client = CosmosClients.Create(options with { Key = Convert.ToBase64String(new byte[64]) });
        using var byIdentity = CosmosClients.Create(options with { ClientId = "11111111-2222-3333-4444-555555555555" });

        foreach (var made in new[] { client, byIdentity })
        {
            Assert.Equal((mode, level), (made.ClientOptions.ConnectionMode, made.ClientOptions.ConsistencyLevel));
            Assert.Equal((4, TimeSpan.FromSeconds(7)), (made.ClientOptions.MaxRetryAttemptsOnRateLimitedRequests, made.ClientOptions.MaxRetryWaitTimeOnRateLimitedRequests));
            Assert.True(made.ClientOptions.LimitToEndpoint);
            Assert.Null(made.ClientOptions.ServerCertificateCustomValidationCallback);
            Assert.Same(RegistryJson.Options, made.ClientOptions.UseSystemTextJsonSerializerWithOptions);
        }
    }
}
