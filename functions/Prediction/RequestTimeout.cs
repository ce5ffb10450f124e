using System.Globalization;
using Larder.Functions.Http;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Larder.Functions.Prediction;

/// <summary>
/// Within which time a caller wants the answer: in every dialect by the preference <c>wait</c>, in seconds (RFC 7240, section 4.3), on the own route also by the query parameter
/// <c>timeout</c>. A request that cannot be answered in time is refused before it is worked on.
/// </summary>
internal static class RequestTimeout
{
    /// <summary>The request header.</summary>
    public const string Header = "Prefer";

    /// <summary>The query parameter of the own route, in seconds.</summary>
    public const string Parameter = "timeout";

    private const double Least = 0.001;
    private const double Most = 86_400;
    private const string Preference = "wait";

    /// <summary>What the request's headers say; null for as long as it takes.</summary>
    /// <exception cref="InvalidRequestException">The preference is not a number of seconds.</exception>
    public static TimeSpan? Of(HttpRequest request)
    {
        var preferences = request.Headers[Header];
        // A preference that is not understood is ignored, says the RFC.
        if (preferences.Count == 0 || !NameValueHeaderValue.TryParseList(preferences, out var list))
            return null;
        var wait = list.FirstOrDefault(preference => preference.Name.Equals(Preference, StringComparison.OrdinalIgnoreCase));
        if (wait is null)
            return null;
        return int.TryParse(wait.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= (int)Most
            ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidRequestException($"{Header}: {Preference} must be a whole number of seconds from 1 to {Most}.");
    }

    /// <summary>What the own route's query or the headers say.</summary>
    /// <exception cref="InvalidRequestException">It is not a number of seconds.</exception>
    public static TimeSpan? OfQuery(HttpRequest request)
    {
        if (!request.QueryString.HasValue || QueryParameters.Text(request, Parameter) is not { } text)
            return Of(request);
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= Least and <= Most
            ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidRequestException(string.Create(CultureInfo.InvariantCulture, $"{Parameter} must be a number of seconds from {Least} to {Most}."));
    }

    /// <summary>The request parameter <c>timeout</c> of the Open Inference Protocol as Triton has it, in microseconds; null for 0, which means no timeout.</summary>
    /// <exception cref="InvalidRequestException">It is not a number of microseconds.</exception>
    public static TimeSpan? OfMicroseconds(long microseconds) => microseconds switch
    {
        0 => null,
        > 0 and <= (long)(Most * 1e6) => TimeSpan.FromMicroseconds(microseconds),
        _ => throw new InvalidRequestException($"{Parameter} must be a whole number of microseconds from 0 to {(long)(Most * 1e6)}."),
    };
}
