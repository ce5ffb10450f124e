using System.Diagnostics;
using System.Text.Json;
using Larder.Host.Functions;

namespace Larder.Host.Emulator;

/// <summary>
/// Says, in a file beside Azurite's data, which host an Azurite belongs to. One whose host was killed still listens for a moment while it saves its
/// state: a host that starts in that moment must not take it for one that stays.
/// </summary>
/// <param name="Host">The host's process.</param>
/// <param name="Azurite">Azurite's process.</param>
/// <param name="BlobPort">Where Azurite's blob service listens; 0 in what an earlier release has written.</param>
internal sealed record AzuriteOwner(ProcessIdentity Host, ProcessIdentity Azurite, int BlobPort = 0)
{
    private const string FileName = "owner.json";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Notes that this process owns an Azurite.</summary>
    public static void Write(string location, Process azurite, int blobPort)
    {
        using var self = Process.GetCurrentProcess();
        File.WriteAllText(PathIn(location), JsonSerializer.Serialize(new AzuriteOwner(ProcessIdentity.Of(self), ProcessIdentity.Of(azurite), blobPort)));
    }

    /// <summary>Notes that no Azurite runs on these data.</summary>
    public static void Remove(string location)
    {
        // The user may have deleted the data meanwhile.
        if (Directory.Exists(location))
            File.Delete(PathIn(location));
    }

    /// <summary>Waits until an Azurite whose host has gone is gone too.</summary>
    /// <exception cref="SelfHostException">It does not go.</exception>
    public static async Task WaitForOrphanAsync(string location, CancellationToken cancellationToken)
    {
        if (Read(location) is not { } owner || owner.Host.IsAlive())
            return;
        using var orphan = owner.Azurite.Find();
        if (orphan is null)
            return;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            await orphan.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SelfHostException($"An Azurite whose host has gone (process {owner.Azurite.Id}) still uses {location}, and does not end. End that process.");
        }
    }

    /// <summary>The process of the host whose Azurite listens on a port with these data; null when none does.</summary>
    public static int? HostOf(string location, int blobPort) =>
        Read(location) is { } owner && owner.BlobPort == blobPort && owner.Azurite.IsAlive() ? owner.Host.Id : null;

    // Written by a host that was killed at that moment, it may be cut short: then it says nothing.
    private static AzuriteOwner? Read(string location)
    {
        try
        {
            return JsonSerializer.Deserialize<AzuriteOwner>(File.ReadAllText(PathIn(location)));
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            return null;
        }
    }

    private static string PathIn(string location) => Path.Combine(location, FileName);
}
