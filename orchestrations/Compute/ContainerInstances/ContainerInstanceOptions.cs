using System.Text.RegularExpressions;

namespace Larder.Orchestrations;

/// <summary>Where and how jobs run as Azure container instances. Empty texts count as not set.</summary>
public sealed partial record ContainerInstanceOptions
{
    // What the service gives one group in most regions; a region may give less, and says so itself.
    private const double ServiceCpu = 31;
    private const double ServiceMemoryGb = 240;

    /// <summary>The subscription that pays: its id. Required.</summary>
    public string SubscriptionId { get; init; } = "";

    /// <summary>The resource group in which container groups are made; it must exist. Required.</summary>
    public string ResourceGroup { get; init; } = "";

    /// <summary>The region, as <c>westeurope</c>. Required.</summary>
    public string Location { get; init; } = "";

    /// <summary>The image of jobs that name none; always allowed.</summary>
    public string Image { get; init; } = "python:3.12-slim";

    /// <summary>What else jobs may name, each exactly so, in lower case: with tag or digest, and with the registry unless that is Docker Hub.</summary>
    public IReadOnlyList<string> AllowedImages { get; init; } = [];

    /// <summary>Cores of jobs that name no number.</summary>
    public double Cpu { get; init; } = 1;

    /// <summary>Memory of jobs that name none, in gigabytes.</summary>
    public double MemoryGb { get; init; } = 2;

    /// <summary>The most cores that a job may name.</summary>
    public double MaxCpu { get; init; } = 4;

    /// <summary>The most memory that a job may name, in gigabytes.</summary>
    public double MaxMemoryGb { get; init; } = 16;

    /// <summary>Resource id of a subnet delegated to <c>Microsoft.ContainerInstance/containerGroups</c>; null for the internet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>
    /// Resource id of a user-assigned identity that pulls images. Scripts can get tokens of it as well, so give it no role but <c>AcrPull</c>.
    /// </summary>
    public string? IdentityId { get; init; }

    /// <summary>Host of the private registry from which <see cref="IdentityId"/> pulls, as <c>team.azurecr.io</c>.</summary>
    public string? RegistryServer { get; init; }

    /// <summary>What names of container groups begin with. Only groups that begin so are ever listed, so two Larders in one resource group need two prefixes.</summary>
    public string NamePrefix { get; init; } = "larder-";

    /// <summary>How long a group may take to start, pulling the image included. The service itself gives up after 30 minutes.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long deleting waits before it looks again.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Client id of the user-assigned identity with which Larder itself calls Azure; null for the system-assigned one, or whoever is logged in.</summary>
    public string? ClientId { get; init; }

    /// <summary>Where Azure Resource Manager listens; null for the public cloud.</summary>
    public Uri? ArmEndpoint { get; init; }

    /// <summary>Whom tokens are for; null for <see cref="ArmEndpoint"/>.</summary>
    public string? ArmAudience { get; init; }

    /// <summary>Refuses values with which no job could run.</summary>
    /// <exception cref="ArgumentException">One of them is so.</exception>
    public void Validate()
    {
        if (!Guid.TryParse(SubscriptionId, out _))
            throw new ArgumentException($"{nameof(SubscriptionId)} must be a subscription's id, a GUID; got '{SubscriptionId}'.");
        ArgumentException.ThrowIfNullOrWhiteSpace(ResourceGroup);
        ArgumentException.ThrowIfNullOrWhiteSpace(Location);
        ArgumentException.ThrowIfNullOrWhiteSpace(Image);
        foreach (var image in AllowedImages.Prepend(Image).Where(image => image.Any(char.IsUpper)))
            throw new ArgumentException($"The image '{image}' has upper-case letters; container instances never start such an image. Write it in lower case.");
        CheckRange(MaxCpu, 0.1, ServiceCpu, nameof(MaxCpu));
        CheckRange(Cpu, 0.1, MaxCpu, nameof(Cpu));
        CheckRange(MaxMemoryGb, 0.1, ServiceMemoryGb, nameof(MaxMemoryGb));
        CheckRange(MemoryGb, 0.1, MaxMemoryGb, nameof(MemoryGb));
        if (!Prefix().IsMatch(NamePrefix))
            throw new ArgumentException($"{nameof(NamePrefix)} must be 2 to 12 lower-case letters, digits and single hyphens, from a letter to a hyphen; got '{NamePrefix}'.");
        if (!string.IsNullOrEmpty(RegistryServer) && string.IsNullOrEmpty(IdentityId))
            throw new ArgumentException($"{nameof(RegistryServer)} needs {nameof(IdentityId)}: images are pulled by identity, never with a password.");
        if (!string.IsNullOrEmpty(RegistryServer) && (RegistryServer.Contains('/') || RegistryServer.Any(char.IsUpper)))
            throw new ArgumentException($"{nameof(RegistryServer)} is a host name in lower case; got '{RegistryServer}'.");
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StartLimit, TimeSpan.Zero, nameof(StartLimit));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PollInterval, TimeSpan.Zero, nameof(PollInterval));
        if (ArmEndpoint is { } endpoint && (!endpoint.IsAbsoluteUri || endpoint.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"{nameof(ArmEndpoint)} must begin with https://, since tokens are sent there; got '{endpoint}'.");
    }

    private static void CheckRange(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"{name} must be from {least} to {most}."));
    }

    // With 40 characters of a job's id and ten digits of an attempt, 12 make a name of at most 63 characters.
    [GeneratedRegex("^(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*-$")]
    private static partial Regex Prefix();
}
