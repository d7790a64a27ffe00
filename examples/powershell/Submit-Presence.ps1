<#
.SYNOPSIS
  Logs in with a key and submits one presence event. Works in Windows PowerShell 5.1 and PowerShell 7.

.DESCRIPTION
  usage: Submit-Presence.ps1 LOCATION_ID USER_EMAIL [LOCATION_TYPE]

  LOCATION_TYPE is location, level, zone, place or space (default: location). The rest comes from the environment:

    ROLLCALL_BASE_URL    for example https://rollcall.example.com
    ROLLCALL_KEY_ID      id of a key that may submit events
    ROLLCALL_KEY_SECRET  its secret
    ROLLCALL_LOCATION_ID, ROLLCALL_USER_EMAIL, ROLLCALL_LOCATION_TYPE in place of the arguments

  Exit status: 0 the event is stored, 1 it was refused or the server was not reached, 2 wrong usage.
#>
param(
    [string] $LocationId = $env:ROLLCALL_LOCATION_ID,
    [string] $UserEmail = $env:ROLLCALL_USER_EMAIL,
    [string] $LocationType = $env:ROLLCALL_LOCATION_TYPE
)

$ErrorActionPreference = 'Stop'
$BaseUrl = $env:ROLLCALL_BASE_URL
$KeyId = $env:ROLLCALL_KEY_ID
$Secret = $env:ROLLCALL_KEY_SECRET
if (-not $LocationType) { $LocationType = 'location' }

if (-not ($BaseUrl -and $KeyId -and $Secret -and $LocationId -and $UserEmail)) {
    [Console]::Error.WriteLine('usage: Submit-Presence.ps1 LOCATION_ID USER_EMAIL [LOCATION_TYPE]')
    [Console]::Error.WriteLine('with ROLLCALL_BASE_URL, ROLLCALL_KEY_ID and ROLLCALL_KEY_SECRET in the environment')
    exit 2
}

# Windows PowerShell may still begin with older versions of TLS.
if ($PSVersionTable.PSVersion.Major -lt 6) {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
}

# The body goes out as UTF-8 bytes: a string would go out in ISO 8859-1 in Windows PowerShell.
function Send-Json([string] $Path, [string] $Body, [hashtable] $Headers = @{}) {
    $request = @{
        Method      = 'Post'
        Uri         = $BaseUrl.TrimEnd('/') + $Path
        ContentType = 'application/json; charset=utf-8'
        Headers     = $Headers
        Body        = [Text.Encoding]::UTF8.GetBytes($Body)
        TimeoutSec  = 30
    }
    try {
        Invoke-RestMethod @request
    }
    catch {
        [Console]::Error.WriteLine((Get-ServerMessage $_))
        exit 1
    }
}

# What the server says is wrong: a login's reply has a message, every other error a detail.
function Get-ServerMessage($Failure) {
    $text = $null
    if ($Failure.ErrorDetails) {
        $text = $Failure.ErrorDetails.Message
    }
    elseif ($Failure.Exception -is [Net.WebException] -and $Failure.Exception.Response) {
        $stream = $Failure.Exception.Response.GetResponseStream()
        if ($stream.CanSeek) { $stream.Position = 0 }
        $text = (New-Object IO.StreamReader($stream, [Text.Encoding]::UTF8)).ReadToEnd()
    }
    if (-not $text) { return $Failure.Exception.Message }
    try {
        $problem = ConvertFrom-Json $text
        if ($problem.message) { return $problem.message }
        if ($problem.detail) { return $problem.detail }
    }
    catch { }
    return $text
}

# Not Get-Date -UFormat %s: in Windows PowerShell that is local time.
$timestamp = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
$hmac = New-Object Security.Cryptography.HMACSHA256
$hmac.Key = [Text.Encoding]::UTF8.GetBytes($Secret)
$digest = $hmac.ComputeHash([Text.Encoding]::UTF8.GetBytes("$KeyId$timestamp"))
$hash = -join ($digest | ForEach-Object { $_.ToString('x2') })

$loginBody = @"
{"apiKey": $(ConvertTo-Json $KeyId), "timestamp": $timestamp, "hash": "$hash"}
"@
$login = Send-Json '/v1/auth' $loginBody
$authorization = @{ Authorization = "Bearer $($login.token)" }

$eventId = [Guid]::NewGuid().ToString()
$observedAt = [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", [Globalization.CultureInfo]::InvariantCulture)

$presenceBody = @"
{
  "sourceId": "powershell example",
  "presenceEvents": [
    {
      "eventId": "$eventId",
      "timestamp": "$observedAt",
      "locationId": $(ConvertTo-Json $LocationId),
      "locationType": $(ConvertTo-Json $LocationType),
      "userEmail": $(ConvertTo-Json $UserEmail)
    }
  ]
}
"@
$reply = Send-Json '/v1/presence/' $presenceBody $authorization

$result = $reply.results[0]
if ($result.resultCode -ne 0) {
    [Console]::Error.WriteLine("result code $($result.resultCode): $($result.message)")
    exit 1
}
Write-Output "$($result.eventId): $($result.message)"
