using Azure.Identity;
using Larder.Host.Emulator;
using Larder.Host.Storage;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Tests;

/// <summary>Storage accounts, as settings name them.</summary>
public sealed class StorageConnectionTests
{
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    [Theory]
    [InlineData(null, "AzureWebJobsStorage", "https://one.blob.core.windows.net/")]
    [InlineData("", "AzureWebJobsStorage", "https://one.blob.core.windows.net/")]
    [InlineData("Drops", "AzureWebJobsDrops", "https://one.blob.core.windows.net/")]
    [InlineData("Drops", "Drops", "https://one.blob.core.windows.net/")]
    [InlineData("Drops", "ConnectionStrings:AzureWebJobsDrops", "https://one.blob.core.windows.net/")]
    [InlineData("Drops", "ConnectionStrings:Drops", "https://one.blob.core.windows.net/")]
    public void A_connection_string_is_found_by_the_name_of_its_connection(string? connection, string setting, string expected)
    {
        var connections = Connections((setting, $"DefaultEndpointsProtocol=https;AccountName=one;AccountKey={Key};EndpointSuffix=core.windows.net"));

        Assert.Equal(expected, connections.GetBlobService(connection).Uri.ToString());
        Assert.Equal("https://one.queue.core.windows.net/", connections.GetQueueService(connection).Uri.ToString());
        Assert.Null(connections.Find(connection).Account);
    }

    [Fact]
    public void An_account_s_name_is_enough_for_an_identity()
    {
        var connections = Connections(("AzureWebJobsStorage", "UseDevelopmentStorage=true"), ("AzureWebJobsStorage:accountName", "two"));

        Assert.Equal("https://two.blob.core.windows.net/", connections.GetBlobService(null).Uri.ToString());
        Assert.Equal("https://two.queue.core.windows.net/", connections.GetQueueService(null).Uri.ToString());
        var account = connections.Find(null).Account!;
        Assert.Equal("https://two.table.core.windows.net/", account.Tables.Value.ToString());
        Assert.IsType<DefaultAzureCredential>(account.Credential);
    }

    [Fact]
    public void Addresses_of_services_name_an_account_of_any_cloud()
    {
        var connections = Connections(
            ("AzureWebJobsDrops:blobServiceUri", "https://three.blob.core.chinacloudapi.cn"),
            ("AzureWebJobsDrops:queueServiceUri", "https://three.queue.core.chinacloudapi.cn"),
            ("AzureWebJobsDrops:credential", "managedidentity"),
            ("AzureWebJobsDrops:clientId", "7d8a1c1e-0000-0000-0000-000000000001"));

        Assert.Equal("https://three.blob.core.chinacloudapi.cn/", connections.GetBlobService("Drops").Uri.ToString());
        Assert.Equal("https://three.queue.core.chinacloudapi.cn/", connections.GetQueueService("Drops").Uri.ToString());
        Assert.IsType<ManagedIdentityCredential>(connections.Find("Drops").Account!.Credential);
    }

    [Fact]
    public void What_cannot_be_used_is_a_sentence_without_the_key()
    {
        Assert.Contains("the connection 'Drops' does not exist: set 'Drops'", Refusal(connections => connections.GetBlobService("Drops")), StringComparison.Ordinal);
        Assert.Equal(
            "the setting 'Drops' is not a storage connection string.",
            Refusal(connections => connections.GetBlobService("Drops"), ("Drops", $"AccountKey={Key}")));
        Assert.Equal(
            "the connection 'Drops' has no 'Drops__queueServiceUri' and no 'Drops__accountName'.",
            Refusal(connections => connections.GetQueueService("Drops"), ("Drops:blobServiceUri", "https://a.blob.core.windows.net")));
        Assert.Equal(
            "the setting 'Drops__blobServiceUri' must be the address of the blob service, as https://ACCOUNT.blob.core.windows.net; it is 'account'.",
            Refusal(connections => connections.GetBlobService("Drops"), ("Drops:blobServiceUri", "account")));
    }

    [Fact]
    public void An_identity_s_account_needs_no_emulator()
    {
        using var configuration = new ConfigurationManager();
        configuration["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        configuration["AzureWebJobsStorage:accountName"] = "two";

        Assert.Null(StorageEmulator.Configure(configuration));
    }

    private static string Refusal(Action<StorageConnections> use, params (string Name, string Value)[] settings) =>
        Assert.ThrowsAny<FormatException>(() => use(Connections(settings))).Message;

    private static StorageConnections Connections(params (string Name, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build());
}
