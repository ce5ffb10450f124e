using StandIns.Api.Tests.Printing;

namespace StandIns.Api.Tests.Comparing;

/// <summary>What must be equal for an API to count as published.</summary>
internal interface IApiComparison
{
    /// <summary>Whether the listing marks references that may be null.</summary>
    bool WithNullability { get; }

    /// <summary>Whether a type's own line is as published.</summary>
    bool IsPublished(ApiType type, ApiType published);

    /// <summary>Whether a member's line is among a published type's.</summary>
    bool IsPublished(string member, ApiType published);
}
